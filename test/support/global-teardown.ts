/** Jest's global teardown: stops what test files started, and removes its data. */
const tearDown = async (): Promise<void> => {
  await globalThis.assayTestServices?.close();
};

// Jest demands a default export here.
// eslint-disable-next-line no-restricted-syntax
export default tearDown;
