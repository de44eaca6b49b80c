// Loaded into a measured process with --import: what it used, written when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(
    process.env.PEER_USAGE_FILE,
    JSON.stringify({ maxRssKib: maxRSS, cpuMs: (userCPUTime + systemCPUTime) / 1000 }),
  );
});
