import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** By what a workflow is found in Temporal's list: its project, and which kind of job it is. */
export const attributesOf = (
  project: string,
  kind: 'baseline' | 'dataset' | 'experiment' | 'gate' | 'prompt' | 'schedule',
): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword('AssayProject'), value: project },
    { key: keyword('AssayKind'), value: kind },
  ]);
