import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { SettingsOptions } from '../../lib/settings/index.js'
import type { User } from '../../lib/stores/index.js'
import { someRules } from '../access/world.js'
import { aSettingsApp, type SettingsSetUp } from '../settings/support.js'

/** Rules of an organization with a few groups, one of which was misspelt. */
const rules = someRules({
  roles_groups: [
    ['Administrator', 'LS Admins'],
    ['Manager', 'Team leads'],
    ['Reviewer', 'Quality'],
    ['Annotator', 'Annotators'],
    ['Annotator', 'Contractors (EU)'],
  ],
  workspaces_groups: [
    ['Radiology', 'Annotators'],
    ['Radiology', 'Quality'],
    ['Street scenes', 'Contractors (EU)'],
  ],
  projects_groups: [
    { project_id: 7, group: 'Quality', role: 'Reviewer' },
    { project_id: 12, group: 'Contractors (EU)', role: 'Inherit' },
  ],
})

const projects = [
  { id: 7, title: 'Chest X-rays, round 2' },
  { id: 12, title: 'Crossings at night' },
  { id: 15, title: 'Invoices' },
]

const names = [
  'Amira Haddad',
  'Bo Lindqvist',
  'Chen Wei',
  'Dana Okafor',
  'Emil Novak',
  'Fatou Diallo',
  'Goran Ilić',
  'Hana Sato',
  'Ines Costa',
  'Jonas Weber',
]

/**
 * What somebody wrote, shown by Label Studio at the same origin, with the opener policy of its
 * framework.
 */
export const contentPath = '/projects/1/data'

/** The settings in a listening app, with people, groups and rules. */
export async function startHost(
  options: Partial<SettingsOptions> = {},
  change: SettingsSetUp['change'] = (adapters) => adapters,
) {
  const app = aSettingsApp({
    change,
    target: { seats: async () => ({ used: 41, limit: 50 }) },
    options: {
      workspaces: async () => ['Radiology', 'Street scenes', 'Documents'],
      projects: async () => projects,
      scimUrl: '/scim/v2',
      ...options,
    },
  })
  const people: User[] = []
  for (const name of names) {
    const userName = `${name.split(' ')[0]!.toLowerCase()}@example.com`
    people.push(await app.addUser(userName, { displayName: name }))
  }
  const at = (...indexes: number[]) => indexes.map((index) => people[index]!)
  await app.addGroup('LS Admins', at(0))
  await app.addGroup('Team leads', at(1, 2))
  await app.addGroup('Quality', at(2, 3, 4))
  await app.addGroup('Annotators', at(4, 5, 6, 7, 8))
  await app.addGroup('Contractors EU', at(9))
  await app.access.setValue(app.scope, 'lastContact', new Date().toISOString())
  await app.access.saveRules(app.scope, rules, { expectedVersion: '0', affects: 'everybody' })
  await app.reconciler.drain()

  const whole = express().get(contentPath, (_request, response) => {
    response.set('Cross-Origin-Opener-Policy', 'same-origin').send('<h1>A task</h1>')
  })
  const server: Server = whole.use(app.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...app,
    people,
    rules,
    url: `http://127.0.0.1:${port}/scim/settings`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type Host = Awaited<ReturnType<typeof startHost>>
