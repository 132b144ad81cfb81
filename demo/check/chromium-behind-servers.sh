#!/bin/sh
# The browsers are the load, and share a machine with the servers only here: they step back, so that servers answer as fast as on
# a machine of their own.
exec nice -n 5 ${NETWORK_NAMESPACE:+ip netns exec "$NETWORK_NAMESPACE"} /usr/bin/chromium "$@"
