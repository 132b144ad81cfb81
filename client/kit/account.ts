/** An account that somebody is signed in to, before there is a client of it: its rooms, new ones, and the way out. */
import { type Credentials, HomeserverRequests, httpOf } from './homeserver-requests.ts';

export class Account extends HomeserverRequests {
  readonly credentials: Credentials;

  constructor(credentials: Credentials) {
    const { homeserverUrl, accessToken, userId, deviceId } = credentials;
    super(httpOf(homeserverUrl, accessToken), { userId, deviceId });
    this.credentials = credentials;
  }
}
