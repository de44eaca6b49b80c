import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The socket's inode of the process that connects from this port of loopback (Linux). */
const inodeOf = (port: number): string | undefined => {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let text: string;
    try {
      text = readFileSync(table, 'utf8');
    } catch {
      continue;
    }
    for (const line of text.split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`) === true && fields[9] !== '0') return fields[9];
    }
  }
  return undefined;
};

const holds = (pid: number, inode: string): boolean => {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
};

/** Which of these processes is at the other end of a connection from this port; undefined where none is. */
export const processBehind = (port: number, pids: readonly number[]): number | undefined => {
  const inode = inodeOf(port);
  return inode === undefined ? undefined : pids.find((pid) => holds(pid, inode));
};
