import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

import type {
  AdmittedPlan,
  BatchReply,
  ExperimentInput,
  ExperimentOutcome,
  ExperimentProgress,
  RunPause,
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
  /** Shows what is waited for until the returned function is called. */
  waitingFor(reason: string): () => void;
  /** Shows that the run stands still, or goes on. */
  paused(pause: RunPause | undefined): void;
  finished(outcome: ExperimentOutcome): void;
  progress(): ExperimentProgress;
  /** The plan as the next execution begins with it: its counts are those of now. */
  handOver(plan: AdmittedPlan): AdmittedPlan;
}

/** More than so many things at once help nobody. */
const mostReasons = 3;

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
  const waits = new Set<{ readonly reason: string }>();
  let pause: RunPause | undefined;
  // Each batch and each platform waits for itself: one that goes on must not hide what the others wait for.
  const showWaits = (): void => {
    const reasons = new Set([...waits].map(({ reason }) => reason));
    const all = [...(pause === undefined ? [] : [pause.reason]), ...reasons].slice(0, mostReasons);
    show({ waitingFor: all.length === 0 ? undefined : all.join('; ') });
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
    waitingFor(reason) {
      const wait = { reason };
      waits.add(wait);
      showWaits();
      return () => {
        if (waits.delete(wait)) showWaits();
      };
    },
    paused(now) {
      pause = now;
      status(now === undefined ? 'running' : 'paused');
      showWaits();
    },
    finished(outcome) {
      waits.clear();
      pause = undefined;
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
