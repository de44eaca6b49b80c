import type { PlatformName } from '../contracts/backend.js';
import { sha256 } from '../core/ids/hash.js';
import type { PlatformConnections } from './connect.js';

/**
 * The place that the keys lead to, so that what is kept of one project is never taken for another's. Clients and workers with the
 * same variables call it alike; nothing secret can be read from it.
 */
export function placeOf(connections: PlatformConnections, platform: PlatformName): string {
  if (platform === 'langfuse') {
    const { baseUrl = '', publicKey = '' } = connections.langfuse ?? {};
    return `langfuse ${baseUrl} ${publicKey}`;
  }
  const { endpoint = '', apiKey = '', workspaceId } = connections.langsmith ?? {};
  return `langsmith ${endpoint} ${workspaceId ?? sha256(apiKey).slice(0, 16)}`;
}
