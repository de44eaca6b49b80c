/** The name of the score that holds a run's verdict; those of its evaluators begin with it and a dot. */
export const verdictScoreName = 'gate';

/** Whether a score's name is one of a verdict. No evaluator may have such a name: a score's name is its key on the platform. */
export const isVerdictScore = (name: string): boolean =>
  name === verdictScoreName || name.startsWith(`${verdictScoreName}.`);
