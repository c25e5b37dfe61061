import { expectEqual, expectStoreError } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { changed, create, createGroup, everything, type Subject, subjects } from '../subject.js'
import { firstPage, read, replace } from './store.js'

/** A tenant does not see, count, link to or conflict with anything of another tenant. */
export const tenantChecks: readonly Check[] = [
  ...subjects.map(
    (subject): Check => ({
      id: `${subject.name}.tenants`,
      level: 'MUST',
      section: 'Scope; S-AUTHZ-01',
      title:
        'keeps tenants apart: another tenant’s resources are unknown, uncounted and free ' +
        'of conflict',
      appliesTo: subject.has,
      run: (context) => keepsApart(context, subject),
    }),
  ),
  {
    id: 'groups.tenants.members',
    level: 'MUST',
    section: 'Scope; S-AUTHZ-03',
    title: 'refuses another tenant’s user as a member as it refuses an unknown one',
    appliesTo: () => true,
    async run({ adapters, scope, otherScope }) {
      const users = subjects.find(({ name }) => name === 'users') as Subject
      const stranger = await create({ adapters, scope: otherScope }, users)
      await expectStoreError(
        'unknownReference',
        () => createGroup({ adapters, scope }, [stranger.id]),
        'create of a group with another tenant’s user',
      )
      const of = await adapters.groups.groupsOf(scope, [stranger.id])
      expectEqual(of.get(stranger.id) ?? [], [], 'groups of another tenant’s user')
    },
  },
]

async function keepsApart(context: CheckContext, subject: Subject): Promise<void> {
  const { adapters, otherScope } = context
  const other = { ...context, scope: otherScope }
  const store = subject.store(adapters)
  const name = { [subject.nameAttribute]: 'same' }
  const theirs = await create(other, subject, name)
  expectEqual(await read(context, subject, theirs.id), undefined, 'get across tenants')
  expectEqual(await store.delete(context.scope, theirs.id, {}), false, 'delete across tenants')
  await expectStoreError(
    'versionMismatch',
    () => replace(context, subject, changed(theirs, { externalId: 'x' }), theirs),
    'replace across tenants',
  )
  const found = await store.getMany?.(context.scope, [theirs.id], everything)
  expectEqual(found ?? [], [], 'getMany across tenants')
  expectEqual((await firstPage(context, subject)).totalResults, 0, 'totalResults')
  const ours = await create(context, subject, name)
  expectEqual((await firstPage(context, subject)).resources, [ours], 'what query finds')
  expectEqual(await read(other, subject, theirs.id), theirs, 'the other tenant’s resource')
}
