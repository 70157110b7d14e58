// Makes `import 'elko'` mean this repository, here and in every test runner: node_modules/elko is a link to it.
// Not a dependency `file:..`, whose lock file would go stale with every change of the repository's own package.json.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('node_modules/', import.meta.url))
mkdirSync(folder, { recursive: true })
rmSync(`${folder}elko`, { force: true })
symlinkSync('../..', `${folder}elko`, 'junction')
