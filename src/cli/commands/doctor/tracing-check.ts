import { apiOfProject, blindMend } from '../../../tracing/api-copies.js';
import type { CheckResult } from './check.js';

/**
 * Whether workers get the spans of the project's own code, whichever copies of OpenTelemetry's API it imports.
 *
 * @param module as {@link apiOfProject} has it.
 */
export async function checkTracing(folder: string, module?: string): Promise<CheckResult> {
  const name = 'Tracing';
  const { project, registrar, blind } = await apiOfProject(folder, module);
  if (project.length === 0) {
    return { name, state: 'skip', found: 'no @opentelemetry/api in this project' };
  }
  if (registrar === undefined) {
    return {
      name,
      state: 'warn',
      found:
        'the @opentelemetry/api that Assay imports stands in no folder of packages: spans of the project may stand in no trace',
      details: project.map(({ version, folder: at }) => `${version} in ${at}`),
      mend: `A worker says at its start which of these it cannot serve. ${blindMend}`,
    };
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
