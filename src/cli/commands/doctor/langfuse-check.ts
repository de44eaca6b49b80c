import type { Connections } from '../../../contracts/environment.js';
import { createLangfusePlatform } from '../../../platforms/langfuse/platform.js';
import type { CheckResult } from './check.js';

/** The server, and the project that the keys belong to. */
export async function checkLangfuse(
  langfuse: Connections['langfuse'],
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const { baseUrl, publicKey, secretKey } = langfuse;
  const platform = createLangfusePlatform({ baseUrl, publicKey, secretKey, environment: 'assay' });
  try {
    const { url, version, generation, projectId, projectName } = await platform.describe(signal);
    return [
      {
        name: 'Langfuse',
        state: 'ok',
        found: `${url}, version ${version} (${generation}), project ${projectName}`,
        facts: { url, version, generation, projectId, projectName },
      },
    ];
  } finally {
    await platform.close();
  }
}
