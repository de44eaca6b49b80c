import { endProcess, type ProcessIdentity, sendSignal, isSameProcess } from './process-facts.js';
import { POSTGRES_STOP } from './postgres/orphan.js';
import type { ServiceName } from './stack-options.js';
import { loadState, saveState, type StackState } from './stack-state.js';

/** The folder's state while we hold its lock; each change is on disk before the next step is taken. */
export class StateKeeper {
  readonly #projectDir: string;
  #state: StackState;

  constructor(projectDir: string) {
    this.#projectDir = projectDir;
    this.#state = loadState(projectDir);
  }

  get keys(): StackState['keys'] {
    return this.#state.keys;
  }

  get ports(): StackState['ports'] {
    return this.#state.ports;
  }

  /** Keys are kept even if the start fails: data may have been made with them. */
  save(): void {
    saveState(this.#projectDir, this.#state);
  }

  notePorts(ports: StackState['ports']): void {
    this.#change({ ports: { ...this.#state.ports, ...ports } });
  }

  noteProcess(name: ServiceName, identity: ProcessIdentity | undefined): void {
    const { [name]: _, ...others } = this.#state.processes;
    this.#change({ processes: identity === undefined ? others : { ...others, [name]: identity } });
  }

  noteRunning(running: NonNullable<StackState['running']>): void {
    this.#change({ running });
  }

  /** All stopped: nothing runs, and no process is left to look for. */
  noteStopped(): void {
    this.#change({ running: undefined, processes: {} });
  }

  /**
   * Ends what a killed parent left running, but for the services in `adoptable`, which are taken over. Each
   * is known by pid and start time, so a stranger that has the pid by now is safe.
   */
  async endOrphans(adoptable: ReadonlySet<string>): Promise<void> {
    this.#change({ running: undefined });
    const orphans = Object.entries(this.#state.processes).filter(([name]) => !adoptable.has(name));
    await Promise.all(
      orphans.map(([name, identity]) =>
        endProcess(
          identity,
          name === 'postgres' ? POSTGRES_STOP : [{ signal: 'SIGTERM', graceMs: 10_000 }],
        ),
      ),
    );
  }

  /** The last resort of a process that exits without a stop: it can still send signals, not wait. */
  signalAll(): void {
    for (const [name, identity] of Object.entries(this.#state.processes)) {
      if (isSameProcess(identity)) {
        sendSignal(identity.pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
      }
    }
  }

  #change(change: Partial<StackState>): void {
    this.#state = { ...this.#state, ...change };
    this.save();
  }
}
