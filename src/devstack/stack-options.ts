import type { LangfuseServerOptions } from './langfuse/options.js';
import type { ModelServerOptions } from './model/options.js';
import type { ProcessIdentity } from './process-facts.js';

/** The services of the embedded stack, in the order in which they are started. */
export const serviceNames = ['postgres', 'temporal', 'langfuse', 'model'] as const;
export type ServiceName = (typeof serviceNames)[number];

export type PortName = ServiceName | 'temporalUi';

/** What the stack decides itself of a child's options. */
type Decided = 'databaseUrl' | 'host' | 'port' | 'publicKey' | 'secretKey' | 'apiKey';

export interface StackOptions {
  /** The folder whose `.assay/` holds data, keys and logs. One stack at a time per folder. */
  readonly projectDir: string;
  /** Ports to insist on; others are those of the last start where still free, else any free one. */
  readonly ports?: Readonly<Partial<Record<PortName, number>>>;
  /** Default: all. What the environment gives is never started. */
  readonly only?: readonly ServiceName[];
  /** For the demo model: latency, faults, limits, seed. */
  readonly model?: Readonly<Omit<Partial<ModelServerOptions>, Decided>>;
  /** For the Langfuse-compatible dev server: write mode, visibility, faults, seed. */
  readonly langfuse?: Readonly<Omit<Partial<LangfuseServerOptions>, Decided>>;
  /** Temporal's custom search attributes, name to type. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  /** Where services of the user's own are looked for. Default: this process' environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** One line of progress, without secrets. */
  readonly log: (line: string) => void;
  /** Ends a start that is under way; what was started is stopped again. */
  readonly signal?: AbortSignal;
}

/** Where each service is. One that was left out through `only`, and is not given by the environment, is absent. */
export interface StackServices {
  readonly postgres?: { readonly url: string };
  readonly temporal?: {
    readonly address: string;
    readonly namespace: string;
    /** Absent for a server of the user's own. */
    readonly uiUrl?: string;
  };
  readonly langfuse?: {
    readonly url: string;
    readonly publicKey: string;
    readonly secretKey: string;
    /** Absent for a server of the user's own. */
    readonly projectId?: string;
  };
  readonly model?: {
    /** With `/v1`, as the OpenAI SDK wants it. */
    readonly url: string;
    readonly apiKey: string;
  };
}

/** The handle of one started service; for chaos tests. */
export interface ServiceHandle {
  readonly name: ServiceName;
  /** The process that runs now. */
  readonly identity: ProcessIdentity | undefined;
  start(): Promise<void>;
  /** An ordered stop; it stays down until `start`. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. Supervision starts it again unless `restart` is false. */
  kill(options?: { readonly restart?: boolean }): Promise<void>;
  /** An ordered stop and a start on the same port and data. */
  restart(): Promise<void>;
  /** Resolves when it serves (again). */
  ready(): Promise<void>;
}

/** A running stack. */
export interface Stack {
  readonly services: StackServices;
  /** The variables that a worker or the CLI needs to reach the services. Holds secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** @throws AssayError STACK_NOT_RUNNING for a service that this stack did not start. */
  service(name: ServiceName): ServiceHandle;
  /** Stops all that was started, in order, and frees the folder. Safe to call twice. */
  stop(): Promise<void>;
}
