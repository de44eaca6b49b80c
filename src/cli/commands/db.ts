import type { Command } from 'commander';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** `assay db …` */
export function registerDb(program: Command, { handle }: Registration): void {
  const group = program
    .command('db')
    .description('Look after the database schema')
    .addHelpText('after', '\nExample:\n  $ assay db migrate');
  const command = group
    .command('migrate')
    .description('Bring the schema up to date; workers refuse to start before that')
    .addHelpText(
      'after',
      `
Example:
  $ DATABASE_URL=postgres://assay@db.internal/assay assay db migrate

Forward only, each migration in a transaction. Two at once are safe: the second finds nothing to do.`,
    );
  handle(command, migrate);
}

async function migrate(cli: Cli): Promise<void> {
  const [{ effectiveEnvironment }, { runMigrations }] = await Promise.all([
    import('../../client/connections.js'),
    import('../../store/migrate.js'),
  ]);
  const { DATABASE_URL } = await effectiveEnvironment(cli.folder, cli.environment);
  if (DATABASE_URL === undefined || !/^postgres(?:ql)?:\/\//.test(DATABASE_URL)) {
    throw new AssayError('ENVIRONMENT_INVALID', 'It is not known which database to migrate.', {
      problems: [
        {
          at: 'DATABASE_URL',
          message: DATABASE_URL === undefined ? 'is not set' : 'is no postgres:// URL',
          mend: 'Set it, or run `assay dev` in this folder.',
        },
      ],
    });
  }
  const { applied } = await runMigrations(DATABASE_URL);
  if (cli.json) await cli.out.line(jsonText({ applied }));
  else if (applied.length === 0) await cli.out.line('The schema is up to date.');
  else for (const name of applied) await cli.out.line(`applied ${cli.out.safe(name)}`);
}
