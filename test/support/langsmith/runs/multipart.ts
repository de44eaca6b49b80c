import { refusal, unprocessable } from '../http/errors.js';
import type { Part } from '../http/multipart.js';
import type { ObjectMap } from '../http/validate.js';
import { isUuid, objectMap } from '../http/validate.js';

export interface MultipartRuns {
  readonly post: readonly unknown[];
  readonly patch: readonly unknown[];
  readonly feedback: readonly unknown[];
}

const ownParts = ['inputs', 'outputs', 'events', 'extra', 'error', 'serialized'];

/** Puts the parts `post.{id}`, `post.{id}.inputs`, `patch.{id}`…, `feedback.{id}` together again. */
export function runsOf(parts: readonly Part[]): MultipartRuns {
  const bodies = {
    post: new Map<string, ObjectMap>(),
    patch: new Map<string, ObjectMap>(),
    feedback: new Map<string, ObjectMap>(),
  };
  for (const part of parts) {
    const [kind = '', id = '', field, ...rest] = part.name.split('.');
    if (kind === 'attachment')
      throw unprocessable('Attachments are not kept by this test server', 'ingest');
    if ((kind !== 'post' && kind !== 'patch' && kind !== 'feedback') || !isUuid(id))
      throw badPart(part.name);
    const value = valueOf(part);
    const known = bodies[kind].get(id);
    if (field === undefined) {
      const body = objectMap.safeParse(value);
      if (known !== undefined || !body.success) throw badPart(part.name);
      bodies[kind].set(id, { ...body.data, id });
    } else {
      // The run itself comes first: the real reader streams, and cannot place a field of a run that it has not seen.
      if (
        kind === 'feedback' ||
        known === undefined ||
        rest.length > 0 ||
        !ownParts.includes(field)
      )
        throw badPart(part.name);
      bodies[kind].set(id, { ...known, [field]: value });
    }
  }
  return {
    post: [...bodies.post.values()],
    patch: [...bodies.patch.values()],
    feedback: [...bodies.feedback.values()],
  };
}

const badPart = (name: string) =>
  unprocessable(`Unprocessable entity: invalid part ${name}`, 'ingest');

function valueOf({ name, announced, data }: Part): unknown {
  if (announced === undefined)
    throw unprocessable(`Unprocessable entity: part ${name} has no length`, 'ingest');
  if (announced !== data.length)
    throw refusal(
      400,
      `Bad request: part ${name} has ${data.length} bytes, not ${announced}`,
      'ingest',
    );
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw unprocessable(`Unprocessable entity: part ${name} is no JSON`, 'ingest');
  }
}
