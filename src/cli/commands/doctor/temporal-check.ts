import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';

import { countPollers } from '../../../client/worker-presence.js';
import { searchAttributes, taskQueues } from '../../../core/experiment/naming.js';
import { AssayError } from '../../../core/errors/assay-error.js';
import { count, counted } from '../../../core/report/figures.js';
import { checkLimitMs, type CheckResult } from './check.js';

/** gRPC status codes. */
const notFound = 5;
const permissionDenied = 7;
const unimplemented = 12;

export interface TemporalQuery {
  readonly address: string;
  readonly namespace: string;
  /** Whose workers are looked for; undefined where the folder does not say. */
  readonly project: string | undefined;
}

/** The server, its namespace, our search attributes, and who polls. */
export async function checkTemporal(query: TemporalQuery): Promise<readonly CheckResult[]> {
  const { address, namespace } = query;
  const connection = await Connection.connect({ address, connectTimeout: checkLimitMs }).catch(
    (cause: unknown) => {
      throw new AssayError('TEMPORAL_UNREACHABLE', `Temporal does not answer at ${address}.`, {
        mend: 'Start `assay dev` in this folder, or set TEMPORAL_ADDRESS to your server.',
        cause,
      });
    },
  );
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    const client = new Client({ connection, namespace });
    if (!(await hasNamespace(connection, namespace))) {
      return [
        {
          name: 'Temporal',
          state: 'fail',
          found: `${address}, server ${serverVersion}; it has no namespace "${namespace}"`,
          facts: { address, serverVersion, namespace: null },
          mend: `temporal operator namespace create --address ${address} --namespace ${namespace}`,
        },
      ];
    }
    const { count: executions } = await client.workflow.count();
    const missing = await missingAttributes(connection, namespace);
    return [
      serverResult(query, { serverVersion, executions, missing }),
      await workersResult(client, query.project),
    ];
  } finally {
    await connection.close();
  }
}

async function hasNamespace(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch (error) {
    if (grpcCode(error) === notFound) return false;
    throw error;
  }
}

const grpcCode = (error: unknown): number | undefined =>
  isGrpcServiceError(error) ? error.code : undefined;

/** Undefined where the server does not let us ask, as Temporal Cloud. */
async function missingAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly string[] | undefined> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    });
    return Object.keys(searchAttributes).filter((name) => !(name in customAttributes));
  } catch (error) {
    const code = grpcCode(error);
    if (code === permissionDenied || code === unimplemented) return undefined;
    throw error;
  }
}

function serverResult(
  { address, namespace }: TemporalQuery,
  found: {
    readonly serverVersion: string;
    readonly executions: number;
    readonly missing: readonly string[] | undefined;
  },
): CheckResult {
  const { serverVersion, executions, missing } = found;
  const text = `${address}, server ${serverVersion}, namespace ${namespace}, ${counted(executions, 'workflow execution')}`;
  const facts = {
    address,
    serverVersion,
    namespace,
    executions,
    missingSearchAttributes: missing ?? null,
  };
  const name = 'Temporal';
  if (missing === undefined) {
    return { name, state: 'warn', found: `${text}; search attributes not checked`, facts };
  }
  if (missing.length === 0) return { name, state: 'ok', found: text, facts };
  const options = missing.map((attribute) => `--name ${attribute} --type Keyword`).join(' ');
  return {
    name,
    state: 'fail',
    found: `${text}; it lacks the search attributes ${missing.join(', ')}`,
    facts,
    mend: `temporal operator search-attribute create --address ${address} --namespace ${namespace} ${options}`,
  };
}

async function workersResult(client: Client, project: string | undefined): Promise<CheckResult> {
  const name = 'Workers';
  if (project === undefined) {
    return { name, state: 'skip', found: 'not checked: the project is not known' };
  }
  const queues = taskQueues(project);
  const polling = {
    orchestration: await countPollers(client, queues.orchestration),
    cells: await activityPollers(client, queues.cells),
    publishing: await activityPollers(client, queues.publishing),
  };
  const idle = Object.entries(polling).filter(([, pollers]) => pollers === 0);
  const found = Object.entries(polling)
    .map(([role, pollers]) => `${role} ${count(pollers)}`)
    .join(', ');
  const facts = { project, polling };
  if (idle.length === 0)
    return { name, state: 'ok', found: `polling within the last minute: ${found}`, facts };
  return {
    name,
    state: 'warn',
    found: `nobody polls for ${idle.map(([role]) => role).join(', ')} (${found})`,
    facts,
    mend: 'Start one in the folder of the project: `assay worker` (or `assay dev`).',
  };
}

/** A poller that has not asked for so long is gone: a long poll lasts a minute. */
const staleMs = 70_000;

async function activityPollers(client: Client, taskQueue: string): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const oldest = Date.now() - staleMs;
  return pollers.filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > oldest,
  ).length;
}
