/**
 * The name of what a schedule ran for a moment: `{job}-{yyyymmdd}-{hhmmss}` in UTC. It is of the time that it was scheduled for
 * and never of now, so that what is caught up or filled in later has the name that it would have had, and is not run twice.
 */
export function scheduledName(job: string, scheduledFor: Date): string {
  const [date = '', time = ''] = scheduledFor.toISOString().split('T');
  return `${job}-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
