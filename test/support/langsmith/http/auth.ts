import type { IncomingHttpHeaders } from 'node:http';

import type { Workspace } from '../workspace.js';
import { refusal } from './errors.js';
import type { Half } from './exchange.js';

/** The workspaces by their keys; a revoked key has none. */
export type Keyring = ReadonlyMap<string, Workspace>;

/**
 * The workspace of the request. No key, or none of LangSmith's form, is a 401, a key that is unknown or revoked a 403, and so is
 * `x-tenant-id` of another workspace: both halves of the real service were seen to answer so.
 */
export function workspaceOf(keyring: Keyring, headers: IncomingHttpHeaders, half: Half): Workspace {
  const key = headers['x-api-key'];
  if (typeof key !== 'string' || key === '')
    throw refusal(401, half === 'api' ? 'Not authenticated' : 'Unauthorized', half);
  if (!key.startsWith('lsv2_')) throw refusal(401, 'Invalid token', 'api');
  const workspace = keyring.get(key);
  const tenant = headers['x-tenant-id'];
  if (workspace === undefined || (typeof tenant === 'string' && tenant !== workspace.id))
    throw refusal(403, 'Forbidden', half);
  return workspace;
}
