import type { Plugin } from '../context.js';
import { commitTags } from './commit-tags.js';
import { commits } from './commits.js';
import { datasetSplits } from './dataset-splits.js';
import { datasetVersions } from './dataset-versions.js';
import { datasets } from './datasets.js';
import { examplesList } from './examples-list.js';
import { examplesMultipart } from './examples-multipart.js';
import { examples } from './examples.js';
import { feedbackConfigs } from './feedback-configs.js';
import { feedback } from './feedback.js';
import { info } from './info.js';
import { likes } from './likes.js';
import { repos } from './repos.js';
import { runsQuery } from './runs-query.js';
import { runsSummary } from './runs-summary.js';
import { runs } from './runs.js';
import { sessions } from './sessions.js';

/** Every capability of the server, one plugin each. */
export const plugins: readonly Plugin[] = [
  info,
  datasets,
  datasetVersions,
  datasetSplits,
  examples,
  examplesList,
  examplesMultipart,
  sessions,
  runs,
  runsQuery,
  runsSummary,
  feedback,
  feedbackConfigs,
  repos,
  commits,
  commitTags,
  likes,
];
