import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * `node scripts/check-release.mjs v1.2.3`: prints what the changelog says about the version, or all that is missing
 * for its release, with exit code 1. Reads the repository in the working directory.
 */
const PLACEHOLDER = ['OWNER', 'nestjs-drain'].join('/');

const [tag = ''] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const changelog = readFileSync('CHANGELOG.md', 'utf8');
const notes = sectionOf(String.raw`\[${version.replaceAll('.', String.raw`\.`)}\] - \d{4}-\d\d-\d\d`);

const problems = [
  ...(tag === `v${manifest.version}` ? [] : [`the tag is "${tag}", package.json says ${manifest.version}`]),
  ...(notes ? [] : [`CHANGELOG.md has nothing under "## [${version}] - YYYY-MM-DD"`]),
  ...(sectionOf(String.raw`\[Unreleased\]`) ? ['CHANGELOG.md still has entries under Unreleased'] : []),
  ...filesWith(PLACEHOLDER).map((file) => `${file} still names the repository ${PLACEHOLDER}`),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(notes);

/** What is below a heading of the second level; undefined without one. */
function sectionOf(heading) {
  const [, text] =
    new RegExp(String.raw`^## ${heading}\n([^]*?)(?=^## )`, 'm').exec(`${changelog}\n## \n`) ?? [];
  return text?.trim();
}

/** The tracked files that contain a text. */
function filesWith(text) {
  try {
    return execFileSync('git', ['grep', '--name-only', '--fixed-strings', text], { encoding: 'utf8' })
      .trim()
      .split('\n');
  } catch (error) {
    // Nothing was found.
    if (error.status === 1) return [];
    throw error;
  }
}
