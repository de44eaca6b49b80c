import { upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const key = defineSearchAttributeKey('AssayStatus', SearchAttributeType.KEYWORD);

/**
 * Lets people list what did not come to a good end: for Temporal every execution that answers is "Completed", also with a refusal.
 */
export function showStatus(status: 'completed' | 'failed'): void {
  upsertSearchAttributes([{ key, value: status }]);
}
