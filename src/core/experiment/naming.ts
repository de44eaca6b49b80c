import type { ExperimentStatus } from '../../contracts/records.js';

/** The task queues of a project, by role. */
export interface TaskQueues {
  readonly orchestration: string;
  readonly cells: string;
  readonly publishing: string;
}

export function taskQueues(project: string): TaskQueues {
  return {
    orchestration: `assay-${project}`,
    cells: `assay-${project}-cells`,
    publishing: `assay-${project}-publishing`,
  };
}

/** The id of the workflow that runs an experiment: the business key. */
export function experimentWorkflowId(project: string, name: string): string {
  return `assay/${project}/experiment/${name}`;
}

/** The key of an experiment in the store. A project holds no slash, so the first one parts them. */
export function experimentId(project: string, name: string): string {
  return `${project}/${name}`;
}

/** The workflow type, its updates and its query: part of recorded histories, so they never change. */
export const experimentWorkflowType = 'experiment';
export const submitUpdate = 'submit';
export const cancelUpdate = 'cancel';
export const reopenUpdate = 'reopen';
export const pauseUpdate = 'pause';
export const resumeUpdate = 'resume';
export const concurrencyUpdate = 'concurrency';
export const budgetUpdate = 'budget';
export const stopUpdate = 'stop';
export const progressQuery = 'progress';

/** Saying what a run would come to. */
export const estimateWorkflowType = 'estimate';

/** One workflow for each question: what is asked again is looked at again. */
export function estimateWorkflowId(project: string, question: string): string {
  return `assay/${project}/estimate/${question}`;
}

/** Taking the bodies of old runs. */
export const pruneWorkflowType = 'prune';

/** One workflow for each moment asked for: the same request again is the same work. */
export function pruneWorkflowId(project: string, finishedBefore: string): string {
  return `assay/${project}/prune/${finishedBefore}`;
}

/** Bringing a dataset to the platforms. */
export const datasetPushWorkflowType = 'datasetPush';
export const pushProgressQuery = 'pushProgress';

/** One workflow for each dataset: of its pushes one goes on at a time. */
export function datasetPushWorkflowId(project: string, dataset: string): string {
  return `assay/${project}/dataset/${dataset}`;
}

/** Moving things from one platform to another. */
export const platformMigrationWorkflowType = 'platformMigration';
export const moveProgressQuery = 'moveProgress';

/** The id of the workflow that moves: the business key. */
export function platformMigrationWorkflowId(project: string, name: string): string {
  return `assay/${project}/migration/${name}`;
}

/** What is done to a prompt on one platform, one command after the other. */
export const promptQueueWorkflowType = 'promptQueue';
export const promptCommandUpdate = 'command';
export const promptQueueProgressQuery = 'queueProgress';

/** One workflow for each prompt and platform: two writers of one name would both find nothing and both make a version. */
export function promptQueueWorkflowId(project: string, platform: string, name: string): string {
  // Names hold slashes, so the platform stands before them.
  return `assay/${project}/prompt-on-${platform}/${name}`;
}

/** Which platforms a command on prompts goes to. */
export const promptPlatformsWorkflowType = 'promptPlatforms';

/** One workflow for each question. */
export function promptPlatformsWorkflowId(project: string, question: string): string {
  return `assay/${project}/prompt-platforms/${question}`;
}

/** Comparing a run with a base. */
export const regressionWorkflowType = 'regression';
export const admitUpdate = 'admit';

/** The id of the workflow that runs a gate: the business key. */
export function gateWorkflowId(project: string, name: string): string {
  return `assay/${project}/gate/${name}`;
}

/** What is done to a baseline. */
export const baselineWorkflowType = 'baseline';

/** One workflow for each baseline: of what is asked of it, one thing is done at a time. */
export function baselineWorkflowId(project: string, name: string): string {
  return `assay/${project}/baseline/${name}`;
}

/** What a schedule starts. */
export const scheduledWorkflowType = 'scheduled';

/** One schedule for each job of a project. */
export function scheduleId(project: string, job: string): string {
  return `assay/${project}/${job}`;
}

/** Looking whether what a schedule names is there. */
export const scheduledCheckWorkflowType = 'scheduledCheck';

/** One workflow for each look. */
export function scheduledCheckWorkflowId(project: string, question: string): string {
  return `assay/${project}/schedule-check/${question}`;
}

/** The id of what a schedule starts, to which Temporal adds the time that it was scheduled for. */
export function scheduledWorkflowId(project: string, job: string): string {
  return `assay/${project}/schedule/${job}`;
}

/** The typed search attributes of every workflow of ours: few, bounded, never user text. */
export const searchAttributes = {
  AssayProject: 'KEYWORD',
  AssayKind: 'KEYWORD',
  AssayTarget: 'KEYWORD',
  AssayDataset: 'KEYWORD',
  AssayStatus: 'KEYWORD',
} as const;

const final: ReadonlySet<ExperimentStatus> = new Set<ExperimentStatus>([
  'completed',
  'completed_unverified',
  'cancelled',
  'failed',
]);

/** Whether nothing of a run in this status changes by itself. */
export function isFinalStatus(status: ExperimentStatus): boolean {
  return final.has(status);
}
