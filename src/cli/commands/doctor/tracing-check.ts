import { apiOfProject, blindMend } from '../../../tracing/api-copies.js';
import type { CheckResult } from './check.js';

/** Whether workers get the spans of the project's own code, whichever copies of OpenTelemetry's API it imports. */
export async function checkTracing(folder: string): Promise<CheckResult> {
  const name = 'Tracing';
  const { project, registrar, blind } = await apiOfProject(folder);
  if (project.length === 0) {
    return { name, state: 'skip', found: 'no @opentelemetry/api in this project' };
  }
  const facts = {
    registeredThrough: registrar.version,
    blind: blind.map(({ version, folder: at }) => ({ version, folder: at })),
  };
  if (blind.length === 0) {
    const found = `spans of the project are collected through @opentelemetry/api ${registrar.version}`;
    return { name, state: 'ok', found, facts };
  }
  return {
    name,
    state: 'warn',
    found: 'spans of code that imports these copies of @opentelemetry/api stand in no trace',
    details: blind.map(({ version, folder: at }) => `${version} in ${at}`),
    facts,
    mend: blindMend,
  };
}
