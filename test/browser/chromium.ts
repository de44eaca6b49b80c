import { existsSync } from 'node:fs';

/** Where a Chromium is looked for: the variable, then where distributions put theirs. */
const places = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The program of a Chromium, or undefined where there is none: tests in a browser are then skipped. */
export function findChromium(): string | undefined {
  return places.find((path) => path !== undefined && path !== '' && existsSync(path));
}
