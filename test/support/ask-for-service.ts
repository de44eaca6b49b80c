/** The address of a server of this test run; the first question starts it. */
export const askForService = async (name: 'postgres' | 'temporal'): Promise<string> => {
  const services = process.env['ASSAY_TEST_SERVICES'];
  if (services === undefined)
    throw new Error('Run through Jest: its global set-up starts services.');
  // Not over a connection that is kept: a machine under load uses it in the moment in which the other side gives it up.
  const response = await fetch(`${services}/${name}`, { headers: { connection: 'close' } });
  const text = await response.text();
  if (!response.ok) throw new Error(`The test run's ${name} did not start: ${text}`);
  return text;
};
