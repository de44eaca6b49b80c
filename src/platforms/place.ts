import type { PlatformName } from '../contracts/backend.js';
import type { KeyPlace } from '../contracts/prompt-protocol.js';
import { sha256 } from '../core/ids/hash.js';
import { withDeadline } from '../outbound/deadline.js';
import type { PlatformConnections } from './connect.js';
import type { Platform, PlatformDescription } from './port.js';

/** Somebody waits for the answer, and goes on without it. */
const answersWithinMs = 5_000;

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

/** Where the keys lead that a platform was connected with; undefined where its server does not say it soon. */
export async function describedPlace(
  platform: Pick<Platform, 'describe'>,
  signal: AbortSignal,
): Promise<KeyPlace | undefined> {
  try {
    const said = await withDeadline(answersWithinMs, [signal], (soon) =>
      platform.describe(soon.signal),
    );
    const { platform: name, url, projectId, projectName } = said;
    return { platform: name, url: withoutUser(url), projectId, projectName };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** An address may have a password of a proxy in it. */
function withoutUser(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/+$/, '');
}
