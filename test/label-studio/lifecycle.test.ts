import { describeLifecycle } from '../adapters/label-studio/lifecycle.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeLifecycle('people in Label Studio Community 1.23.2', startLabelStudio)
