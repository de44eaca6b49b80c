import type { openTestServices, TestServices } from './test-services.js';

declare global {
  var assayTestServices: TestServices | undefined;
}

/**
 * Jest's global set-up: opens the door through which test files ask for Postgres and Temporal. Nothing is
 * started here: a run of unit tests alone pays for no server.
 */
const setUp = async (): Promise<void> => {
  // Jest loads this file as CommonJS and without its resolver; from here on Node's loader does it.
  const { importNative } = await import('./register-ts.mjs');
  const services = await importNative(new URL('./test-services.ts', import.meta.url).href);
  const { openTestServices: open } = services as { openTestServices: typeof openTestServices };
  globalThis.assayTestServices = await open();
};

// Jest demands a default export here.
// eslint-disable-next-line no-restricted-syntax
export default setUp;
