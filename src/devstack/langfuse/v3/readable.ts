/** The states that can be read now, of the table of that alias: visible, and not yet replaced. */
export const readable = (alias: string): string =>
  `${alias}.visible_at <= clock_timestamp() and ${alias}.superseded_at > clock_timestamp()`;
