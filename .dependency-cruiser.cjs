// The layers of src/, top first. An import may only point down this list; type-only imports obey the same rule.
const LAYERS = ['cli', 'bench', 'profiler', 'worker', 'scheduler', 'queue', 'config', 'broker', 'job', 'support']

const folder = (name) => `^src/${name}/`

/** Nothing in a layer may import from a layer above it. */
const downwards = LAYERS.slice(1).map((layer, index) => ({
  name: `${layer}-imports-only-downwards`,
  comment: `The order of layers is ${LAYERS.join(' > ')}; see ARCHITECTURE.md.`,
  severity: 'error',
  from: { path: folder(layer) },
  to: {
    path: LAYERS.slice(0, index + 1)
      .map(folder)
      .join('|'),
  },
}))

/** What runs in a zygote, a horse or a pool child, as opposed to the supervisor's handles of them. */
const POOL_CHILD_FILES =
  '^src/worker/isolation/pool/(forked-main|spawned-main|pool-child|child-channel|child-measuring|child-system|shared-output|parent-watch)\\.ts$'
const CHILD_FILES =
  '^src/worker/isolation/fork/(zygote-main|zygote-loop|garbage|horse-main|horse-profiler|samplers|witness|argument-watch|opening-watch|addon-openings|inspector-session|thread-clock|role|hand-over-signal|horse-channel|horse-system|rehearsal|load-application|exit-guards|process-identity|census|opener-tracker|addon-tracker)\\.ts$'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or have a third one in common.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'errors-import-nothing',
      severity: 'error',
      from: { path: '^src/errors\\.ts$' },
      to: { path: '^src/' },
    },
    ...downwards,
    {
      name: 'children-hold-no-broker',
      comment: 'A zygote that loads a broker would carry its connection over every fork.',
      severity: 'error',
      from: { path: [CHILD_FILES, POOL_CHILD_FILES] },
      to: { path: '^src/(broker|queue|config|cli|bench|profiler)/', reachable: true },
    },
    {
      name: 'flame-graph-runs-in-browsers',
      comment: 'What is drawn in Node is redrawn in the browser, by the same code.',
      severity: 'error',
      from: { path: '^src/profiler/flame/(graph|browser)/' },
      to: { pathNot: '^src/profiler/flame/(graph|browser)/' },
    },
    {
      name: 'browser-code-only-as-a-bundle',
      comment: 'It needs a document; scripts/build.mjs makes one script of it.',
      severity: 'error',
      from: { pathNot: '^src/profiler/flame/browser/' },
      to: { path: '^src/profiler/flame/browser/' },
    },
    {
      name: 'sqlite-driver-only-in-its-broker',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/broker/sqlite/' },
      to: { path: 'node_modules/(libsql|@photostructure/sqlite)/|^(node:)?sqlite$' },
    },
    {
      name: 'redis-client-only-in-its-broker',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/broker/redis/' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports and that is no entry is dead.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot:
          '^src/(index|worker/index|broker/index|cli/main|bench/producer-main|bench/bare-fork-main|worker/isolation/pool/spawned-main)\\.ts$',
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
}
