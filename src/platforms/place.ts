import type { PlatformName } from '../contracts/backend.js';
import { sha256 } from '../core/ids/hash.js';
import type { PlatformConnections } from './connect.js';
import type { PlatformDescription } from './port.js';

/**
 * Names a server and the whole key to it, so that nothing secret can be read from it. Of Langfuse both halves count: anybody may
 * know the public one.
 */
export function keyHashOf(connections: PlatformConnections, platform: PlatformName): string {
  if (platform === 'langfuse') {
    const { baseUrl = '', publicKey = '', secretKey = '' } = connections.langfuse ?? {};
    return sha256(JSON.stringify([platform, baseUrl, publicKey, secretKey]));
  }
  const { endpoint = '', apiKey = '', workspaceId = '' } = connections.langsmith ?? {};
  return sha256(JSON.stringify([platform, endpoint, apiKey, workspaceId]));
}

/**
 * The project (of LangSmith, the workspace) as its server names it, whatever the key. With the address: two servers of one's own may
 * have been given equal ids.
 */
export const placeOf = ({
  platform,
  url,
  projectId,
}: Pick<PlatformDescription, 'platform' | 'url' | 'projectId'>): string =>
  JSON.stringify([platform, url, projectId]);
