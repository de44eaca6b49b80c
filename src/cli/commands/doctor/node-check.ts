import type { CheckResult } from './check.js';

/** As package.json's engines say. */
const least: readonly [number, number] = [20, 19];

/** The version of Node that runs this. */
export function checkNode(version: string = process.versions.node): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const good = major > least[0] || (major === least[0] && minor >= least[1]);
  const facts = { version };
  if (good) return { name: 'Node', state: 'ok', found: version, facts };
  return {
    name: 'Node',
    state: 'fail',
    found: `${version} is too old`,
    facts,
    mend: `Install Node ${least.join('.')} or later.`,
  };
}
