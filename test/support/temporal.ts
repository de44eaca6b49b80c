import { askForService } from './ask-for-service.js';

/**
 * The address of the test run's Temporal server, which the first call starts (in memory, namespace `default`,
 * Assay's search attributes registered). One server for all files: give each test a task queue and workflow ids
 * of its own. Also kept in ASSAY_TEST_TEMPORAL_ADDRESS of this test file's process.
 */
export const testTemporal = async (): Promise<{ address: string; namespace: string }> => {
  const address = await askForService('temporal');
  process.env['ASSAY_TEST_TEMPORAL_ADDRESS'] = address;
  return { address, namespace: 'default' };
};
