import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { nodeExecutable, nodeVersions, shellWith } from '../support/node-versions.js'
import { packLibrary } from '../support/packed-library.js'

const readme = fs.readFileSync(path.join(__dirname, '../../README.md'), 'utf8')
/** The programs of the README, as somebody saves them. */
const programs = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
const installed = [...readme.matchAll(/npm install ([a-z0-9@. -]+)/g)].map(([, names = '']) =>
  names.trim().split(' '),
)
const tokenCommand = /^(npx label-studio-scim token)$/m.exec(readme)?.[1] ?? ''

let tarball: string
const started: ChildProcess[] = []
const folders: string[] = []
beforeAll(() => {
  tarball = packLibrary()
})
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe.each(nodeVersions)('the README followed to the letter on Node %s', (version) => {
  let node: string
  let project: string
  beforeAll(() => {
    node = nodeExecutable(version)
    project = fs.mkdtempSync(path.join(os.tmpdir(), `scim-readme-${version}-`))
    folders.push(project)
    const sh = shellWith(node, project)
    sh('npm init -y && npm pkg set type=module')
    for (const names of installed) {
      if (names.includes('libsql') && version !== '20.19') continue
      const packages = names.map((name) => (name === 'label-studio-scim' ? tarball : name))
      sh(`npm install --no-audit --no-fund ${packages.join(' ')}`)
    }
    for (const [index, code] of programs.entries()) {
      fs.writeFileSync(path.join(project, `program-${index}.js`), code)
      fs.writeFileSync(path.join(project, `program-${index}.cjs`), asCommonJs(code))
    }
  })

  it.each([
    [0, 'js'],
    [0, 'cjs'],
    [1, 'js'],
    [1, 'cjs'],
  ])('serves SCIM with program %d as .%s', async (index, extension) => {
    const made = shellWith(node, project)(tokenCommand)
    const token = /^token +(\S+)$/m.exec(made)?.[1] ?? ''
    const port = await freePort()
    const base = `http://127.0.0.1:${port}/scim/v2`
    const child = spawn(node, [`program-${index}.${extension}`], {
      cwd: project,
      env: {
        ...process.env,
        PORT: String(port),
        SCIM_TOKEN: token,
        ADMIN_TOKEN: `${token}-admin`,
        LABEL_STUDIO_TOKEN: 'a-label-studio-token',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    started.push(child)
    const answer = await firstAnswer(child, `${base}/Users`, token)
    expect(answer).toMatchObject({ Resources: [], totalResults: 0 })
  })
})

/** A program of the README in a CommonJS project. */
function asCommonJs(code: string): string {
  const imports = /^import ([\s\S]*?) from ('[^']+')$/gm
  const requires = [...code.matchAll(imports)].map(
    ([, names, from]) => `const ${names} = require(${from})`,
  )
  const rest = code.replace(imports, '').trim()
  return `${requires.join('\n')}\n\nasync function main() {\n${rest}\n}\n\nmain()\n`
}

/** The answer as soon as the program gives one; fails with what it printed when it ends instead. */
async function firstAnswer(child: ChildProcess, url: string, token: string): Promise<unknown> {
  let printed = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    printed += chunk
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The program ended:\n${printed}`)
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).catch(
      () => undefined,
    )
    if (response) return response.json()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
