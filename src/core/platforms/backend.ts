import type { Backend, PlatformName } from '../../contracts/backend.js';

/** All, apart from their schemas: the CLI names them in help texts. */
export const platforms = ['langfuse', 'langsmith'] as const;
export const backends = [...platforms, 'both'] as const;

/** Where runs are published if nothing says so; also of runs from before there was a choice. */
export const defaultBackend: Backend = 'langfuse';

/** The platforms of a backend, in the order in which a dataset is looked for on them. */
export function platformNames(backend: Backend): readonly PlatformName[] {
  return backend === 'both' ? ['langfuse', 'langsmith'] : [backend];
}

/** As people write it. */
export const platformTitles: Readonly<Record<PlatformName, string>> = {
  langfuse: 'Langfuse',
  langsmith: 'LangSmith',
};
