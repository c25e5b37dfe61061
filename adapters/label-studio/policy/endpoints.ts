/**
 * Who may call which endpoint of Label Studio Community 1.23.2, as data. Anything not listed is
 * refused to everybody below Administrator.
 */

/**
 * The lowest role. `anon`: no sign-in needed. `any`: concerns only the caller. `AN`, `RE`, `MA`:
 * Annotator, Reviewer, Manager in the project. `MA*`: Manager of the organization. `AD`:
 * Administrator or the owner. `self`: the person in the path.
 */
export type NeededRole = 'anon' | 'any' | 'AN' | 'RE' | 'MA' | 'MA*' | 'AD' | 'self'

/** How the answer or the query is limited for people below Administrator. */
export type AnswerRule =
  | 'projectList'
  | 'byProject'
  | 'labels'
  | 'labelLinks'
  | 'project'
  | 'membership'
  | 'ownWork'
  | 'ownTabs'
  | 'people'
  | 'whoami'
  | 'actions'
  | 'noToken'
  | 'withoutFiles'
  | 'formats'
  | 'columns'
  | 'noSecrets'
  | 'page'

/** One row: a path of Label Studio, the role it needs, and how its answer is limited. */
export interface Endpoint {
  readonly methods: readonly string[]
  /**
   * A segment in braces names an object: `{project}`, `{task}`, … It is resolved to its projects,
   * and the person needs access to each of them. `{word}` and `{number}` name no object; `{rest}`
   * matches everything that follows.
   */
  readonly path: string
  readonly role: NeededRole
  /** The request must name at least one of these: `query.project`, `body.task`, … */
  readonly needs?: readonly string[]
  /** The role for objects of other people; `nobody`: never. Default: the role for one's own. */
  readonly others?: 'RE' | 'MA' | 'nobody'
  /**
   * `json` (default): read and checked. `opaque`: passes unread because it names no other project.
   * `file`: a form with files passes unread, JSON is read.
   */
  readonly body?: 'opaque' | 'file'
  /** The kind of object that `id` in the body names. */
  readonly bodyId?: string
  /** The kind of objects that the list `ids` in the body names. */
  readonly bodyIds?: string
  readonly answer?: AnswerRule
  /** One request may name objects of several projects. */
  readonly isAcrossProjects?: true
  /** The role depends on `id` in the query, see {@link roleOfAction}. */
  readonly isAction?: true
  /** The query is for the page in the browser and names no object of the answer. */
  readonly isPage?: true
  /**
   * Label Studio sends the legacy token of the project's creator to a URL in the body. Allowed only
   * for the creator, or where legacy tokens do not work.
   */
  readonly handsToken?: true
  /**
   * The export includes files from any URL that a task names, fetched with the owner's token or
   * read from Label Studio's disk. It is therefore allowed only without files.
   */
  readonly isExport?: true
  /**
   * Query or body filter and sort tasks, now or later through a tab. Only people who may read the
   * work of others may filter by it: anyone else could guess it letter by letter.
   */
  readonly filters?: 'now' | 'later'
  /**
   * The body writes an annotation or draft, a new one or the stored one that the path names. Some
   * fields are for Reviewers, see `workFields`.
   */
  readonly work?: 'new' | 'stored'
  /**
   * `fileuri` in the query names a file in a storage. Below Manager, this object must name it: the
   * data of the task, or the labeling configuration of the project.
   */
  readonly file?: 'task' | 'project'
}

type More = Omit<Endpoint, 'methods' | 'path' | 'role'>

const row = (methods: string, path: string, role: NeededRole, more: More = {}): Endpoint => ({
  methods: methods.split(' '),
  path,
  role,
  ...more,
})

const page: More = { isPage: true }
const shell: More = { isPage: true, answer: 'page' }
const opaque: More = { body: 'opaque' }
const file: More = { body: 'file' }
const exported: More = { isExport: true }
/** Only Managers may use the tabs of others. */
const filtered: More = { filters: 'now', others: 'MA' }
const queryProject: More = { needs: ['query.project'] }
const bodyProject: More = { needs: ['body.project'] }

const pages: readonly Endpoint[] = [
  row('GET', '/', 'any', shell),
  row('GET', '/sw.js', 'anon', page),
  row('GET', '/sw-fallback.js', 'anon', page),
  row('GET', '/favicon.ico', 'anon', page),
  row('GET', '/label-studio-frontend/{rest}', 'anon', page),
  row('GET', '/dm/{rest}', 'anon', page),
  row('GET', '/react-app/{rest}', 'anon', page),
  row('GET', '/static/{rest}', 'anon', page),
  row('GET', '/organization/', 'AD'),
  row('GET', '/organization/webhooks', 'AD'),
  row('GET', '/people/', 'AD'),
  row('GET', '/models/', 'MA*', shell),
  row('GET', '/projects/', 'any', shell),
  row('GET', '/projects/{project}/settings/', 'MA', shell),
  row('GET', '/projects/{project}/settings/{word}', 'MA', shell),
  row('GET', '/projects/{project}/', 'AN', shell),
  row('GET', '/projects/{project}/data/', 'AN', shell),
  row('GET', '/projects/{project}/data/import', 'MA', shell),
  row('GET', '/projects/{project}/data/export', 'MA', shell),
  row('GET POST', '/user/login/', 'anon', opaque),
  row('GET POST', '/user/signup/', 'anon', opaque),
  row('GET POST', '/user/account/', 'any', { ...opaque, answer: 'page' }),
  row('GET POST', '/user/account/{word}', 'any', opaque),
  row('GET POST', '/logout', 'any', opaque),
  row('GET POST', '/api-auth/login/', 'anon', opaque),
  row('GET POST', '/api-auth/logout/', 'any', opaque),
  row('GET POST', '/admin/login/', 'anon', opaque),
  row('GET POST', '/admin/{rest}', 'AD'),
  row('GET POST', '/django-rq/{rest}', 'AD'),
]

const system: readonly Endpoint[] = [
  row('GET', '/version/', 'anon'),
  row('GET', '/api/version/', 'anon'),
  row('GET', '/health/', 'anon'),
  row('GET', '/metrics/', 'anon'),
  row('GET', '/trigger500/', 'AD'),
  row('GET', '/samples/time-series.csv', 'anon'),
  row('GET', '/samples/paragraphs.json', 'anon'),
  row('GET', '/swagger.json', 'anon'),
  row('GET', '/swagger.yaml', 'anon'),
  row('GET', '/swagger/', 'anon'),
  row('GET', '/docs/api/', 'anon'),
  row('GET', '/docs/', 'anon'),
  row('GET', '/docs/api/schema/', 'anon'),
  row('GET', '/docs/api/schema/swagger-ui/', 'anon'),
  row('GET', '/docs/api/schema/redoc/', 'anon'),
  row('GET', '/docs/api/schema/json/', 'anon'),
  row('GET', '/docs/api/schema/yaml/', 'anon'),
  row('GET', '/feature-flags/', 'AD'),
  row('GET', '/heidi-tips/', 'any', page),
  row('GET POST', '/__lsa/', 'any', { ...page, ...opaque }),
]

const organization: readonly Endpoint[] = [
  row('GET', '/api/organizations/', 'any', { answer: 'noToken' }),
  row('POST', '/api/organizations/', 'AD'),
  row('GET PATCH PUT', '/api/organizations/{number}', 'AD'),
  row('GET', '/api/organizations/{number}/memberships', 'AD'),
  row('GET', '/api/organizations/{number}/memberships/{user}/', 'self', {
    answer: 'membership',
  }),
  row('DELETE', '/api/organizations/{number}/memberships/{user}/', 'AD'),
  row('GET', '/api/invite', 'AD'),
  row('POST', '/api/invite/reset-token', 'AD'),
  row('GET', '/api/jwt/settings', 'any'),
  row('POST', '/api/jwt/settings', 'AD'),
  row('GET PATCH', '/api/session-policy/', 'AD'),
  row('GET POST', '/api/token/', 'any', opaque),
  row('POST', '/api/token/refresh/', 'anon', opaque),
  row('POST', '/api/token/blacklist/', 'anon', opaque),
  row('POST', '/api/token/rotate/', 'any', opaque),
]

const people: readonly Endpoint[] = [
  row('GET', '/api/users/', 'any', { answer: 'people' }),
  row('POST', '/api/users/', 'AD'),
  row('GET', '/api/users/{user}/', 'any', { answer: 'people' }),
  row('PATCH', '/api/users/{user}/', 'self', { answer: 'people' }),
  row('DELETE', '/api/users/{user}/', 'AD'),
  row('POST DELETE', '/api/users/{user}/avatar/', 'self', opaque),
  row('POST', '/api/current-user/reset-token/', 'any', opaque),
  row('GET', '/api/current-user/token', 'any'),
  row('GET', '/api/current-user/whoami', 'any', { answer: 'whoami' }),
  row('GET PATCH PUT', '/api/current-user/product-tour', 'any'),
  row('GET PATCH', '/api/current-user/hotkeys/', 'any'),
  row('GET', '/data/avatars/{rest}', 'anon', page),
]

const projects: readonly Endpoint[] = [
  row('GET', '/api/', 'any'),
  row('GET', '/api/projects/', 'any', { answer: 'projectList' }),
  row('GET', '/api/projects/counts/', 'any', { answer: 'projectList' }),
  row('POST', '/api/projects/', 'MA*'),
  row('GET', '/api/projects/{project}/', 'AN', { answer: 'project' }),
  row('PATCH PUT', '/api/projects/{project}/', 'MA', { answer: 'project' }),
  row('DELETE', '/api/projects/{project}/', 'MA'),
  row('GET', '/api/projects/{project}/next/', 'AN', { answer: 'ownWork' }),
  row('GET', '/api/projects/{project}/label-stream-history/', 'AN'),
  row('POST', '/api/projects/validate/', 'anon', opaque),
  row('GET POST', '/api/projects/{project}/validate/', 'MA'),
  row('GET', '/api/projects/{project}/summary/', 'RE'),
  row('POST', '/api/projects/{project}/summary/reset/', 'MA'),
  row('GET', '/api/projects/{project}/imports/{import}/', 'MA'),
  row('GET', '/api/projects/{project}/reimports/{reimport}/', 'MA'),
  row('GET', '/api/projects/{project}/tasks/', 'RE'),
  row('POST DELETE', '/api/projects/{project}/tasks/', 'MA'),
  row('GET POST', '/api/projects/{project}/sample-task/', 'MA'),
  row('GET', '/api/projects/{project}/model-versions/', 'AN'),
  row('DELETE', '/api/projects/{project}/model-versions/', 'MA'),
  row('GET', '/api/projects/{project}/annotators/', 'RE', { answer: 'people' }),
  row('GET', '/api/templates/', 'any'),
]

const data: readonly Endpoint[] = [
  row('GET PATCH PUT DELETE', '/api/import/file-upload/{upload}', 'MA'),
  row('POST', '/api/projects/{project}/tasks/bulk/', 'MA', file),
  row('POST', '/api/projects/{project}/import', 'MA', file),
  row('POST', '/api/projects/{project}/reimport', 'MA'),
  row('POST', '/api/projects/{project}/import/predictions', 'MA'),
  row('GET DELETE', '/api/projects/{project}/file-uploads', 'MA'),
  row('GET', '/data/upload/{project}/{file}', 'AN'),
  row('GET', '/storage-data/uploaded/', 'AN', { needs: ['query.filepath'] }),
  row('GET', '/api/projects/{project}/export', 'MA', { ...exported, answer: 'withoutFiles' }),
  row('GET', '/api/projects/{project}/export/formats', 'MA', { answer: 'formats' }),
  row('GET', '/api/projects/{project}/export/files', 'MA'),
  row('GET POST', '/api/projects/{project}/exports/', 'MA'),
  row('GET DELETE', '/api/projects/{project}/exports/{export}', 'MA'),
  row('GET', '/api/projects/{project}/exports/{export}/download', 'MA', exported),
  row('POST', '/api/projects/{project}/exports/{export}/convert', 'MA', exported),
  row('GET', '/tasks/{task}/resolve/', 'AN', { file: 'task' }),
  row('GET', '/tasks/{task}/presign/', 'AN', { file: 'task' }),
  row('GET', '/projects/{project}/resolve/', 'AN', { file: 'project' }),
  row('GET', '/projects/{project}/presign/', 'AN', { file: 'project' }),
]

const dataManager: readonly Endpoint[] = [
  row('GET', '/api/dm/', 'any'),
  row('GET', '/api/dm/views/', 'AN', { answer: 'ownTabs' }),
  row('POST', '/api/dm/views/', 'AN', { ...bodyProject, filters: 'later' }),
  row('GET PATCH PUT DELETE', '/api/dm/views/{tab}/', 'AN', { others: 'MA', filters: 'later' }),
  row('DELETE', '/api/dm/views/reset/', 'MA', { needs: ['body.project', 'query.project'] }),
  row('POST', '/api/dm/views/order/', 'AN', { ...bodyProject, others: 'MA', bodyIds: 'tab' }),
  row('GET', '/api/dm/columns/', 'AN', { ...queryProject, answer: 'columns' }),
  row('GET', '/api/dm/project/', 'AN', { ...queryProject, answer: 'project' }),
  row('GET', '/api/dm/actions/', 'AN', { ...queryProject, answer: 'actions' }),
  row('POST', '/api/dm/actions/', 'AN', { ...queryProject, ...filtered, isAction: true }),
  row('GET', '/api/dm/actions/{action}/form/', 'AN', { ...queryProject, isAction: true }),
]

/** The column of the data manager that contains everybody's work. */
export const workColumn = 'annotations_results'

/** Export formats that include the files of the tasks. */
export const carriesFiles = /_WITH_IMAGES$/i

/** Actions that need no Manager. A map, because a name may be one of `Object.prototype`. */
const actionRoles: ReadonlyMap<string, 'AN' | 'RE' | 'MA'> = new Map([['next_task', 'AN']])

/** The lowest role for an action of the data manager. */
export const roleOfAction = (id: string) => actionRoles.get(id) ?? 'MA'

const work: readonly Endpoint[] = [
  row('GET', '/api/tasks/', 'AN', {
    needs: ['query.project', 'query.view'],
    ...filtered,
    answer: 'ownWork',
  }),
  row('POST', '/api/tasks/', 'MA', bodyProject),
  row('GET', '/api/tasks/{task}/', 'AN', { answer: 'ownWork' }),
  row('PATCH PUT DELETE', '/api/tasks/{task}/', 'MA'),
  row('GET', '/api/tasks/{task}/annotations/', 'AN', { answer: 'ownWork' }),
  row('POST', '/api/tasks/{task}/annotations/', 'AN', { work: 'new' }),
  row('GET', '/api/tasks/{task}/drafts', 'AN', { answer: 'ownWork' }),
  row('POST', '/api/tasks/{task}/drafts', 'AN', { work: 'new' }),
  row('GET', '/api/tasks/{task}/annotations/{annotation}/drafts', 'AN', {
    others: 'RE',
    answer: 'ownWork',
  }),
  row('POST', '/api/tasks/{task}/annotations/{annotation}/drafts', 'AN', {
    others: 'RE',
    work: 'new',
  }),
  row('GET', '/api/tasks/{task}/agreement/', 'RE'),
  row('GET', '/api/annotations/{annotation}/', 'AN', { others: 'RE' }),
  row('PATCH PUT', '/api/annotations/{annotation}/', 'AN', { others: 'RE', work: 'stored' }),
  row('DELETE', '/api/annotations/{annotation}/', 'AN', { others: 'RE' }),
  row('GET POST', '/api/annotations/{annotation}/convert-to-draft', 'AN', { others: 'RE' }),
  row('GET', '/api/drafts/{draft}/', 'AN', { others: 'nobody' }),
  row('PATCH PUT', '/api/drafts/{draft}/', 'AN', { others: 'nobody', work: 'stored' }),
  row('DELETE', '/api/drafts/{draft}/', 'AN', { others: 'nobody' }),
  row('GET', '/api/predictions/', 'AN', { answer: 'byProject' }),
  row('POST', '/api/predictions/', 'MA', { needs: ['body.task'] }),
  row('GET', '/api/predictions/{prediction}/', 'AN'),
  row('PATCH PUT DELETE', '/api/predictions/{prediction}/', 'MA'),
  row('GET', '/api/fsm/entities/task/{task}/history', 'RE'),
  row('GET', '/api/fsm/entities/annotation/{annotation}/history', 'RE'),
  row('GET', '/api/fsm/entities/project/{project}/history', 'RE'),
  row('POST', '/api/fsm/entities/task/{task}/transition/', 'MA'),
  row('POST', '/api/fsm/entities/annotation/{annotation}/transition/', 'MA'),
  row('POST', '/api/fsm/entities/project/{project}/transition/', 'MA'),
]

/** Endpoints of a kind of cloud storage, for import or (`export/…`) for export. */
function storage(kind: string): readonly Endpoint[] {
  const path = `/api/storages/${kind}`
  const one = `${path}/{storage:${kind}}`
  const stored: More = { ...bodyProject, bodyId: `storage:${kind}` }
  return [
    row('GET', path, 'MA', queryProject),
    row('POST', path, 'MA', bodyProject),
    row('GET PATCH PUT DELETE', one, 'MA'),
    row('POST', `${one}/sync`, 'MA'),
    row('POST', `${path}/validate`, 'MA', stored),
    row('GET', `${path}/form`, 'MA*'),
    ...(kind.startsWith('export/') ? [] : [row('POST', `${path}/files`, 'MA', stored)]),
  ]
}

const storageKinds = ['s3', 'azure', 'gcs', 'redis', 'localfiles']

const storages: readonly Endpoint[] = [
  row('GET', '/api/storages/', 'MA', queryProject),
  row('GET', '/api/storages/export', 'MA', queryProject),
  row('GET', '/api/storages/types', 'any'),
  row('GET', '/api/storages/export/types', 'any'),
  ...storageKinds.flatMap((kind) => [...storage(kind), ...storage(`export/${kind}`)]),
]

const connections: readonly Endpoint[] = [
  row('GET', '/api/ml/', 'AN', { ...queryProject, answer: 'noSecrets' }),
  row('POST', '/api/ml/', 'MA', { ...bodyProject, handsToken: true }),
  row('GET DELETE', '/api/ml/{ml}', 'MA'),
  row('PATCH PUT', '/api/ml/{ml}', 'MA', { handsToken: true }),
  row('POST', '/api/ml/{ml}/train', 'MA'),
  row('POST', '/api/ml/{ml}/predict/test', 'MA'),
  row('POST', '/api/ml/{ml}/interactive-annotating', 'AN'),
  row('GET', '/api/ml/{ml}/versions', 'MA'),
  row('GET', '/api/webhooks/', 'MA', { answer: 'byProject' }),
  row('POST', '/api/webhooks/', 'MA', bodyProject),
  row('GET PATCH PUT DELETE', '/api/webhooks/{webhook}/', 'MA'),
  row('GET', '/api/webhooks/info/', 'anon'),
]

const links: More = { answer: 'labelLinks' }

const labels: readonly Endpoint[] = [
  row('GET', '/api/labels/', 'AN', { answer: 'labels' }),
  row('POST', '/api/labels/', 'AN', { ...bodyProject, isAcrossProjects: true, answer: 'labels' }),
  row('GET PATCH PUT DELETE', '/api/labels/{label}/', 'MA', { isAcrossProjects: true }),
  row('GET', '/api/label_links/', 'AN', links),
  row('POST', '/api/label_links/', 'AN', { ...bodyProject, ...links, isAcrossProjects: true }),
  row('GET PATCH PUT', '/api/label_links/{labelLink}/', 'MA', links),
  row('DELETE', '/api/label_links/{labelLink}/', 'MA'),
  row('POST', '/api/labels/bulk', 'MA', bodyProject),
]

/** Every endpoint. The first row with a matching path and method decides. */
export const endpoints: readonly Endpoint[] = [
  ...pages,
  ...system,
  ...organization,
  ...people,
  ...projects,
  ...data,
  ...dataManager,
  ...work,
  ...storages,
  ...connections,
  ...labels,
]
