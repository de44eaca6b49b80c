// Sources import each other as './x.js' (what Node runs after the build); under Jest that file is './x.ts'.
// Only our own relative imports are mapped: a package's files are left alone.
const { existsSync } = require('node:fs');
const { resolve, sep } = require('node:path');

module.exports = (path, options) => {
  if (/^\.{1,2}\//.test(path) && path.endsWith('.js')) {
    const candidate = resolve(options.basedir, path.slice(0, -3) + '.ts');
    if (!candidate.includes(`${sep}node_modules${sep}`) && existsSync(candidate)) return candidate;
  }
  return options.defaultResolver(path, options);
};
