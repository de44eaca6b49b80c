const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  resolver: '<rootDir>/test/support/resolver.cjs',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.assay/', '<rootDir>/bench/peers/'],
};

export default {
  ...shared,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Nothing is measured by it: on a machine that does five things at once a browser may take a minute for one page.
  testTimeout: 150_000,
  // On two cores: a good part of a test waits for timers, leases and processes.
  maxWorkers: 4,
  // One Postgres and one Temporal server for the whole run; a database per file, a task queue per test.
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
