/** One part of a multipart body. */
export interface Part {
  readonly name: string;
  readonly contentType: string;
  /** What `; length=` or Content-Length announced, where one did. */
  readonly announced?: number;
  readonly data: Buffer;
}

/** Splits a multipart body by its boundary; undefined where it is none or is cut off. */
export function parseMultipart(
  body: Buffer,
  contentType: string | undefined,
): readonly Part[] | undefined {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined || !/^multipart\/form-data/i.test(contentType ?? '')) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let start = body.indexOf(mark);
  while (start !== -1) {
    const from = start + mark.length;
    if (body.subarray(from, from + 2).toString() === '--') return parts;
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), from);
    if (end === -1) return undefined;
    const part = parsePart(body.subarray(from + 2, end));
    if (part === undefined) return undefined;
    parts.push(part);
    start = end + 2;
  }
  return undefined;
}

function parsePart(bytes: Buffer): Part | undefined {
  const split = bytes.indexOf('\r\n\r\n');
  if (split === -1) return undefined;
  const headers = new Map(
    bytes
      .subarray(0, split)
      .toString('utf8')
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
  );
  const [, name] = /\bname="([^"]*)"/.exec(headers.get('content-disposition') ?? '') ?? [];
  if (name === undefined) return undefined;
  const contentType = headers.get('content-type') ?? 'text/plain';
  const [, inType] = /;\s*length=(\d+)/.exec(contentType) ?? [];
  const announced = inType ?? headers.get('content-length');
  return {
    name,
    contentType,
    ...(announced === undefined ? {} : { announced: Number(announced) }),
    data: bytes.subarray(split + 4),
  };
}
