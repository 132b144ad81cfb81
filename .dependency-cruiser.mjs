/**
 * Imports go one way: wire <- sdp <- conference, allocation <- runtime <- main. Adapters see ports, wire, config types and
 * their one library, never each other. Tests may reach anything in their own room and the shared test doubles.
 */
const test = '[.]test[.]tsx?$';
const ADAPTERS = ['signalling/matrix', 'src/media', 'src/cascade', 'src/store', 'src/http', 'src/observe'];
const PURE = [
  'signalling/wire',
  'signalling/sdp',
  'src/conference',
  'src/allocation',
  'src/overload',
  'src/topology',
  'html',
  'loadtest/tester/rules',
  'loadtest/tester/scenario',
];

/** `room` may import only what `allowed` matches (and itself), of our own sources. `except`: rooms in it that have rules of their own. */
const sees = (room, allowed, comment, except = []) => ({
  name: `${room.replaceAll('/', '-')}-sees`,
  comment,
  severity: 'error',
  from: { path: `^${room}/`, pathNot: [test, ...except] },
  to: {
    path: '^(signalling|src|config|html|client|loadtest|demo|bench|docker|setup|test)/',
    pathNot: [`^${room}/`, ...allowed.map(path => `^${path}`)],
  },
});

/** Only the rooms in `owners` may import the package. */
const ownedBy = (library, owners) => ({
  name: `only-${owners.map(owner => owner.replace(/[^a-z]+/g, '-')).join('-or-')}-imports-${library.replace(/[^a-z]+/g, '-')}`,
  comment: `${library} has one home: a change of it, or of its version, is a change of one room.`,
  severity: 'error',
  from: {
    path: '^(signalling|src|config|html|client|loadtest|demo|bench|docker|setup)/',
    pathNot: [...owners.map(owner => `^${owner}`), test],
  },
  to: { path: `node_modules/${library}/` },
});

const RESULTS_OF_LOAD_TESTS = ['result', 'figures', 'verdict', 'compare', 'compare-table'].map(
  name => `loadtest/tester/${name}[.]ts$`,
);
const TYPES_OF_SRC = ['src/ports[.]ts$', 'src/session[.]ts$'];

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-packages-in-the-focus',
      severity: 'error',
      from: { path: '^(src|signalling|config|html)/', pathNot: [test, '^src/testing/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    sees('signalling/wire', [], 'The wire knows nothing of ours.'),
    sees('signalling/sdp', ['signalling/wire/'], 'wire <- sdp'),
    sees(
      'src/conference',
      ['signalling/wire/', 'signalling/sdp/', 'src/allocation/', ...TYPES_OF_SRC],
      'The rules are pure.',
    ),
    sees('src/overload', [...TYPES_OF_SRC], 'What overload means is pure.'),
    sees('src/topology', [...TYPES_OF_SRC], 'Which foci link is pure.'),
    sees('src/allocation', ['signalling/wire/', ...TYPES_OF_SRC], 'The choice of layers is pure.'),
    sees(
      'src/runtime',
      [
        'signalling/wire/',
        'signalling/sdp/',
        'src/conference/',
        'src/allocation/',
        'src/overload/',
        'src/topology/',
        ...TYPES_OF_SRC,
      ],
      'The runtime knows the world by its ports alone.',
    ),
    sees('signalling/addresses', ['signalling/wire/'], 'Whom the focus may ask, and who may ask it.'),
    sees('signalling/matrix', ['signalling/wire/', 'signalling/addresses/', 'config/', ...TYPES_OF_SRC], 'An adapter.'),
    sees(
      'src/media',
      ['signalling/wire/', 'signalling/sdp/', 'config/', ...TYPES_OF_SRC],
      'An adapter; it speaks SDP.',
    ),
    sees('src/store', ['signalling/wire/', 'config/', ...TYPES_OF_SRC], 'An adapter.'),
    sees('src/websocket', ['signalling/wire/', ...TYPES_OF_SRC], 'WebSockets, whoever dialled.'),
    sees(
      'src/cascade',
      ['signalling/wire/', 'signalling/addresses/', 'src/websocket/', 'config/', ...TYPES_OF_SRC],
      'An adapter.',
    ),
    sees(
      'src/http',
      ['signalling/wire/', 'signalling/addresses/', 'src/websocket/', 'config/', 'html/', ...TYPES_OF_SRC],
      'An adapter.',
    ),
    sees('src/observe', ['signalling/wire/', 'config/', ...TYPES_OF_SRC], 'An adapter.'),
    sees('src/cli', ['signalling/wire/', 'config/', ...TYPES_OF_SRC], 'The command line runs what main gives it.'),
    sees('config', ['signalling/wire/'], 'The config stands alone.'),
    sees('html', [], 'How HTML is written safely; the page of the focus and the reports know it, it knows nobody.'),
    sees('client', ['signalling/wire/'], 'The page shares the wire with the focus, and nothing else.'),
    sees('client/sframe', [], 'Encrypted frames know nothing of calls, browsers or Matrix.'),
    sees('demo', ['signalling/wire/', 'setup/'], 'The demo starts the focus as anybody would.'),
    sees('bench', ['demo/', 'loadtest/', 'setup/'], 'A bench puts a deployment and load peers together.', [
      '^bench/scale/bare/',
      '^bench/cascade/refused/',
      '^bench/e2ee/',
    ]),
    sees(
      'bench/scale/bare',
      ['loadtest/', 'signalling/sdp/', 'src/media/(codecs|numbered-voices|routers/conference-router)[.]ts$'],
      'mediasoup alone is what the focus is measured against: it offers the same codecs and extensions, in the same words, and does nothing else.',
    ),
    sees(
      'bench/cascade/refused',
      ['bench/', 'demo/', 'loadtest/', 'signalling/wire/', 'src/cascade/handshake[.]ts$', 'src/session[.]ts$'],
      'Hostile foci speak as foci do, and hold the secrets that two hellos make.',
    ),
    sees(
      'bench/e2ee',
      ['bench/', 'demo/', 'loadtest/', 'setup/', 'client/sframe/'],
      'Whoever tries to read a recording does it as clients do that may.',
    ),
    sees('loadtest', ['signalling/wire/', 'config/', 'html/'], 'A stranger to src: it could talk to any focus.'),
    {
      name: 'what-reports-share-knows-no-report',
      comment: 'Pages, charts and their look serve the lab, the load tester and the benches alike.',
      severity: 'error',
      from: { path: '^loadtest/report/[^/]+[.]ts$', pathNot: test },
      to: { path: '^loadtest/', pathNot: ['^loadtest/report/[^/]+[.]ts$', '^loadtest/quantity[.]ts$'] },
    },
    sees(
      'loadtest/tester/view',
      [...RESULTS_OF_LOAD_TESTS, 'loadtest/quantity[.]ts$'],
      'The live view is told of a run; it reaches into none.',
    ),
    sees(
      'loadtest/tester/report',
      [...RESULTS_OF_LOAD_TESTS, 'loadtest/report/', 'loadtest/quantity[.]ts$', 'html/'],
      'A report is made of a result alone.',
    ),
    {
      name: 'only-the-assembly-imports-adapters',
      severity: 'error',
      from: {
        path: '^(signalling|src|config|html)/',
        pathNot: [test, '^src/main[.]ts$', '^src/assembly/', '^src/testing/', ...ADAPTERS.map(room => `^${room}/`)],
      },
      to: { path: `^(${ADAPTERS.join('|')})/` },
    },
    {
      name: 'only-main-imports-the-assembly',
      severity: 'error',
      from: { pathNot: ['^src/main[.]ts$', '^src/assembly/'] },
      to: { path: '^src/assembly/' },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: {},
      to: { path: '^src/main[.]ts$' },
    },
    {
      name: 'test-doubles-stay-in-tests',
      severity: 'error',
      from: { path: '^(signalling|src|config|html|client)/', pathNot: [test, '^src/testing/'] },
      to: { path: '^src/testing/' },
    },
    {
      name: 'no-test-imports-a-test',
      severity: 'error',
      from: {},
      to: { path: test },
    },
    {
      name: 'the-pure-rooms-do-no-io',
      severity: 'error',
      from: { path: `^(${PURE.join('|')})/`, pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    ownedBy('mediasoup', ['src/media/', 'bench/scale/bare/', 'bench/e2ee/recording/']),
    ownedBy('matrix-js-sdk', ['signalling/matrix/', 'client/']),
    ownedBy('fastify', ['src/http/']),
    ownedBy('@fastify', ['src/http/']),
    ownedBy('prom-client', ['src/observe/']),
    ownedBy('pino', ['src/observe/']),
    ownedBy('ws', ['src/websocket/', 'src/http/', 'src/cascade/', 'bench/', 'loadtest/']),
    ownedBy('sdp-transform', ['signalling/sdp/']),
    ownedBy('yaml', ['config/', 'demo/', 'docker/', 'loadtest/tester/']),
    ownedBy('commander', ['src/cli/', 'loadtest/tester/cli/']),
    ownedBy('listr2', ['setup/']),
    ownedBy('preact', ['client/']),
    ownedBy('@preact', ['client/']),
    ownedBy('puppeteer-core', ['demo/', 'loadtest/', 'test/']),
    ownedBy('node-datachannel', ['loadtest/', 'test/']),
    ownedBy('werift', ['loadtest/', 'test/']),
    ownedBy('@observablehq', ['loadtest/report/']),
    ownedBy('linkedom', ['loadtest/report/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
