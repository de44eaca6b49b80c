/** How a verdict is shown: never by its colour alone. */
export const verdicts = {
  pass: { sign: '✓', words: 'Pass', tone: 'good', means: 'No worse than the baseline.' },
  regress: { sign: '✗', words: 'Regression', tone: 'bad', means: 'Worse than the baseline.' },
  inconclusive: {
    sign: '?',
    words: 'Inconclusive',
    tone: 'warn',
    means: 'The data does not say whether it is worse.',
  },
} as const;
