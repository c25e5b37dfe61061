import fs from 'node:fs'
import { nodeExecutable, nodeVersions } from '../support/node-versions.js'
import { expressVersions, installedProject, packLibrary, run } from '../support/packed-library.js'

const life = { created: 201, found: 1, active: false, deleted: 204, gone: 404 }

const projects = new Map<string, string>()
beforeAll(() => {
  const tarball = packLibrary()
  for (const version of expressVersions) projects.set(version, installedProject(tarball, version))
})
afterAll(() => {
  for (const project of projects.values()) fs.rmSync(project, { recursive: true, force: true })
})

describe.each(nodeVersions)('Node %s', (version) => {
  let node: string
  beforeAll(() => {
    node = nodeExecutable(version)
  })

  it('is the version it says', () => {
    expect(run(node, ['--version'], __dirname)).toMatch(new RegExp(`^v${version}\\.`))
  })

  const hosts = expressVersions.flatMap((express) =>
    ['host.mjs', 'host.cjs'].flatMap((program) =>
      ['memory', 'sqlite'].map((adapter) => ({ express, program, adapter })),
    ),
  )
  it.each(hosts)('serves $program on $adapter with Express $express', (host) => {
    const project = projects.get(host.express) ?? ''
    expect(JSON.parse(run(node, [host.program, host.adapter], project))).toEqual(life)
  })
})
