// Valkey, and newer versions of Python RQ, for the tests that run them: node scripts/fetch-newer.mjs
// npm test does it by itself.
import { fetchNewer } from './lib/debian-newer.mjs'

for (const [name, { version, path, reason }] of Object.entries(fetchNewer())) {
  console.log(version === undefined ? `${name}: ${reason}` : `${name} ${version}: ${path}`)
}
