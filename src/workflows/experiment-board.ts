import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

import type {
  AdmittedPlan,
  BatchReply,
  ExperimentInput,
  ExperimentOutcome,
  ExperimentProgress,
} from '../contracts/experiment-protocol.js';
import type { CellCounts, ExperimentStatus, PublicationCounts } from '../contracts/records.js';
import { tellStory, type Story } from '../core/experiment/story.js';

/** What people see of the run: the query's answer, the UI's details and the search attributes. */
export interface ExperimentBoard {
  readonly input: ExperimentInput;
  cancelled: boolean;
  /** No cell will run any more; only publishing goes on. */
  cellsClosed: boolean;
  status(status: ExperimentStatus): void;
  planned(plan: AdmittedPlan): void;
  batchDone(reply: BatchReply): void;
  counts(counts: CellCounts): void;
  published(publications: readonly PublicationCounts[]): void;
  waitingFor(reason: string | undefined): void;
  finished(outcome: ExperimentOutcome): void;
  progress(): ExperimentProgress;
  /** The plan as the next execution begins with it: its counts are those of now. */
  handOver(plan: AdmittedPlan): AdmittedPlan;
}

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const attributes = {
  status: keyword('AssayStatus'),
  target: keyword('AssayTarget'),
  dataset: keyword('AssayDataset'),
};

/** Makes the board of one execution. */
export function createExperimentBoard(input: ExperimentInput): ExperimentBoard {
  let story: Story = {
    summary: input.state?.plan.summary ?? `${input.project}: ${input.name}`,
    status: 'planning',
    counts: input.state?.plan.counts,
    publications: [],
    waitingFor: undefined,
    note: undefined,
  };
  const show = (change: Partial<Story>): void => {
    story = { ...story, ...change };
    setCurrentDetails(tellStory(story));
  };
  const status = (next: ExperimentStatus): void => {
    show({ status: next });
    upsertSearchAttributes([{ key: attributes.status, value: next }]);
  };
  return {
    input,
    cancelled: false,
    cellsClosed: false,
    status,
    planned(plan) {
      show({ summary: plan.summary, counts: plan.counts });
      upsertSearchAttributes([
        { key: attributes.target, value: plan.target },
        { key: attributes.dataset, value: plan.dataset },
      ]);
    },
    batchDone({ ended }) {
      const counts = story.counts;
      if (counts === undefined) return;
      const done = ended.ok + ended.target_error + ended.evaluator_error;
      show({
        counts: {
          ...counts,
          pending: Math.max(0, counts.pending - done),
          ok: counts.ok + ended.ok,
          target_error: counts.target_error + ended.target_error,
          evaluator_error: counts.evaluator_error + ended.evaluator_error,
        },
      });
    },
    counts: (counts) => show({ counts }),
    published: (publications) => show({ publications }),
    waitingFor: (reason) => show({ waitingFor: reason }),
    finished(outcome) {
      if (outcome.status !== 'nothing_to_do') status(outcome.status);
      show({
        counts: outcome.counts ?? story.counts,
        waitingFor: undefined,
        note: outcome.error?.message ?? outcome.headline,
      });
    },
    progress: () => ({ status: story.status, counts: story.counts, waitingFor: story.waitingFor }),
    handOver: (plan) => ({ ...plan, counts: story.counts ?? plan.counts }),
  };
}
