// Package herder implements the Herder of Kafka Connect's REST API for one worker: it judges configurations, keeps
// connectors and their target states in a data directory, and drives a [Runner] that runs them. It is here and not with
// the local cloud, because it knows nothing about one: the tests of whatever speaks the API, the Terraform provider for
// one, put a Runner of their own under it.
//
//	h, err := herder.Open(herder.Options{Dir: dir, Catalog: catalog, Worker: worker, Runner: r, Address: server.Addr()})
//	server.Serve(rest.Handler(h, log))
//	err = h.Settle(ctx) // optional: what was kept runs, or shows why not
//	err = h.Close(ctx)
//
// # What happens to a change
//
// A change is judged, written to disk and only then answered, so it survives whatever happens next; changes are made one
// at a time. Then the connector is brought to what was asked for, in the background and one step at a time per connector,
// and always to the newest of what was asked for: of five changes during a slow start only the last is carried out. An
// answer waits a moment (Options.Patience) for that, so that a status that is read right after it is a new one. Only the
// answer about a changed configuration does not: as in Kafka it shows the tasks that there were.
//
// A connector that cannot be started is FAILED, with the reason as its trace, until it is changed or restarted. To restart
// a connector is to stop and start all of it, because a serverless connector has no instance beside its tasks; tasks alone
// are restarted when only they are asked for.
//
// # Positions
//
// Offsets are not kept here: those of a sink are its consumer group's, those of a source its checkpoint store's, so that
// nothing has two owners. The Herder checks what may be asked (KIP-875) and when: only of a connector that is STOPPED, and
// whose Runner has stopped it.
//
// # Putting a Runner under it
//
// The calls for one connector never overlap, but Health and Positions, which may come at any time; calls for different
// connectors do. So a Runner needs a map from name to what runs, and a lock around the map. For a function behind event
// source mappings, Start makes the task root, the function and the mappings (disabled when Spec.Paused), Pause and Resume
// disable and enable the mappings, Stop closes mappings and function, RestartTasks closes the function's processes, Health
// reads the mappings' status, Positions and SetPositions are the group's committed offsets, and Spec.Used is called from
// the mappings' report of an invocation.
package herder
