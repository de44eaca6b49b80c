import { visible } from './visible.js';

/**
 * Text for the log of a CI job, with no line in it that the runner obeys: GitHub (`::error::`, `##[group]`), Azure
 * (`##vso[`), TeamCity (`##teamcity[`), GitLab (`section_start:`, whose escape sequences are shown as pictures).
 */
export function ciText(text: string): string {
  return (
    visible(text)
      // GitHub trims the line before it looks for `::`.
      .replace(/^([^\S\n]*):(?=:)/gm, '$1: ')
      // Found anywhere in a line by Azure, and by GitHub in its first syntax.
      .replace(/#(?=#(?:\[|vso\[|teamcity\[))/gi, '# ')
      .replace(/section_(?=(?:start|end):)/gi, 'section ')
  );
}

/**
 * The message of a GitHub command of our own (`::error file=…::message`), which may have several lines.
 * Source: actions/toolkit, packages/core/src/command.ts (escapeData).
 */
export function githubMessage(text: string): string {
  return visible(text).replace(/%/g, '%25').replace(/\n/g, '%0A');
}

/** A property's value in a GitHub command of our own (escapeProperty there). */
export function githubProperty(text: string): string {
  return githubMessage(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
