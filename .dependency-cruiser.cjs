// The direction of the code, as docs/architecture.md tells it. A rule per sentence.
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only(
      'core-is-pure',
      '^src/core/',
      ['^src/contracts/'],
      'core imports nothing of ours but types of contracts',
    ),
    {
      name: 'core-takes-types-only-from-contracts',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/contracts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-has-no-io',
      severity: 'error',
      comment: 'No I/O, no clock, no zod in core (node:crypto hashing excepted).',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: ['crypto$', 'pure-rand'] },
    },
    only(
      'contracts-stand-alone',
      '^src/contracts/',
      ['^src/core/'],
      'contracts may use pure core decisions',
    ),
    only(
      'workflows-stay-light',
      '^src/workflows/',
      ['^src/core/', '^src/contracts/', '^src/activities/'],
      'workflows -> core, types of contracts and activities',
    ),
    {
      name: 'workflows-take-types-only',
      severity: 'error',
      comment: 'zod, pg or an SDK in the sandbox triples the memory of a cached workflow.',
      from: { path: '^src/workflows/' },
      to: { path: '^src/(contracts|activities)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-no-heavy-packages',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: 'node_modules/(zod|pg|kysely|openai|@langfuse|undici|pino)/' },
    },
    only(
      'activities-use-ports',
      '^src/activities/',
      [
        '^src/(platforms|models|evaluators|targets|datasets|prompts|assistant|outbound|store|tracing|core|contracts)/',
      ],
      'activities -> platforms, models, evaluators, targets, datasets, outbound, store, tracing -> core, contracts',
    ),
    only(
      'tracing-below',
      '^src/tracing/',
      ['^src/(core|contracts)/'],
      'tracing -> core, contracts',
    ),
    only('store-below', '^src/store/', ['^src/(core|contracts)/'], 'store -> core, contracts'),
    only(
      'outbound-below',
      '^src/outbound/',
      ['^src/(core|contracts)/'],
      'outbound -> core, contracts',
    ),
    only(
      'models-below',
      '^src/models/',
      ['^src/(store|outbound|core|contracts)/'],
      'models -> store, outbound, core, contracts',
    ),
    only(
      'platforms-below',
      '^src/platforms/',
      ['^src/(store|outbound|core|contracts)/'],
      'platforms -> store, core, contracts',
    ),
    {
      name: 'langsmith-without-langfuse',
      severity: 'error',
      comment:
        'No platform knows another; what both need stands in platforms/http, platforms/trace or beside the ports.',
      from: { path: '^src/platforms/langsmith/' },
      to: { path: '^src/platforms/langfuse/' },
    },
    {
      name: 'langfuse-without-langsmith',
      severity: 'error',
      from: { path: '^src/platforms/langfuse/' },
      to: { path: '^src/platforms/langsmith/' },
    },
    {
      name: 'shared-by-platforms-knows-none',
      severity: 'error',
      from: { path: '^src/platforms/(http|trace)/' },
      to: { path: '^src/platforms/(langfuse|langsmith)/' },
    },
    only(
      'evaluators-below',
      '^src/evaluators/',
      ['^src/(models|outbound|core|contracts)/'],
      'evaluators -> models, core, contracts',
    ),
    only(
      'targets-below',
      '^src/targets/',
      ['^src/(models|prompts|core|contracts)/'],
      'targets -> models, prompts, core, contracts',
    ),
    only(
      'prompts-below',
      '^src/prompts/',
      ['^src/(platforms|store|core|contracts)/'],
      'prompts (their files, and their cache with what it keeps) -> platforms, store -> core, contracts',
    ),
    only(
      'datasets-below',
      '^src/datasets/',
      ['^src/(core|contracts)/'],
      'datasets -> core, contracts',
    ),
    only(
      'client-is-thin',
      '^src/client/',
      ['^src/(store|platforms|prompts|core|contracts)/'],
      'client -> contracts and a transport: Temporal client, read-only store, platform read; the cache of prompts',
    ),
    {
      name: 'commands-are-the-edge-of-the-cli',
      severity: 'error',
      comment:
        'Commands declare options and load what does their work; nothing that does work knows a command.',
      from: { path: '^src/cli/', pathNot: '^src/cli/(commands/|program\\.ts$)' },
      to: { path: '^src/cli/commands/' },
    },
    {
      name: 'cli-goes-through-the-client',
      severity: 'error',
      comment:
        'Only dev, worker, doctor, config and db may reach below the client; the files of prompts and datasets are read and written here.',
      from: { path: '^src/cli/', pathNot: '^src/cli/commands/(dev|worker|doctor|config|db)' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/cli/',
          '^src/client/',
          '^src/prompts/',
          '^src/datasets/',
          '^src/contracts/',
          '^src/core/',
        ],
      },
    },
    {
      name: 'sql-in-store-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(store|devstack)/' },
      to: { path: 'node_modules/(pg|kysely|pg-cursor|node-pg-migrate)/' },
    },
    {
      name: 'nothing-imports-the-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(server|cli|workers|devstack)/' },
      to: { path: '^src/(server|cli|workers|devstack)/' },
    },
    only(
      'devstack-stands-apart',
      '^src/devstack/',
      ['^src/(core|contracts)/'],
      'devstack -> core, contracts',
    ),
    {
      name: 'langfuse-3-is-for-tests',
      severity: 'error',
      comment: 'The langfuse 3.x package is in maintenance and swallows errors.',
      from: { path: '^src/' },
      to: { path: 'node_modules/langfuse/' },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench|examples|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
