import { describeLifecycle } from '../adapters/label-studio/lifecycle.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeLifecycle(`people in Label Studio Community ${release}`, startLabelStudio)
