import { Connection } from '@temporalio/client';

/**
 * Fails unless the server at the address answers over gRPC and has the namespace: the port opens before
 * start-dev has registered it, and a worker that comes in between ends with "namespace not found".
 */
export const probeTemporal = async (address: string, namespace: string): Promise<void> => {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 5_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      await connection.workflowService.countWorkflowExecutions({ namespace });
    });
  } finally {
    await connection.close();
  }
};
