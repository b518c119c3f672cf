package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

const (
	changePatience = 5 * time.Minute
	readPatience   = 30 * time.Second
)

func (r *connectorResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var configuration, plan connectorModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &configuration)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	patience, ds := plan.Timeouts.Create(ctx, changePatience)
	if resp.Diagnostics.Append(ds...); resp.Diagnostics.HasError() {
		return
	}
	target := r.configured.need(&resp.Diagnostics, path.Root("connect_rest"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v := r.judgeKnown(ctx, target, &configuration, &plan)
	if resp.Diagnostics.Append(v.diags...); resp.Diagnostics.HasError() {
		return
	}
	d := r.declared(&configuration)
	props, name, want := d.connector().known, plan.Name.ValueString(), connectrest.State(plan.State.ValueString())
	client := target.client.Hiding(secretsOf(d, d.connector())...)
	if err := client.Create(ctx, name, props, want); err != nil {
		refused(ctx, &resp.Diagnostics, client, d, err)
		return
	}
	tflog.Info(ctx, "created a connector", map[string]any{"name": name})
	status, err := client.Settle(ctx, name, want, nil)
	tell(&resp.Diagnostics, name, want, status, err)
	resp.Diagnostics.Append(finish(ctx, client, &plan, v, status)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, d.writeOnly.known)...)
}

func (r *connectorResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var configuration, plan, state connectorModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &configuration)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	patience, ds := plan.Timeouts.Update(ctx, changePatience)
	if resp.Diagnostics.Append(ds...); resp.Diagnostics.HasError() {
		return
	}
	target := r.configured.need(&resp.Diagnostics, path.Root("connect_rest"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v := r.judgeKnown(ctx, target, &configuration, &plan)
	if resp.Diagnostics.Append(v.diags...); resp.Diagnostics.HasError() {
		return
	}
	d := r.declared(&configuration)
	client := target.client.Hiding(secretsOf(d, d.connector())...)
	name, want := plan.Name.ValueString(), connectrest.State(plan.State.ValueString())
	restart := !plan.RestartTrigger.Equal(state.RestartTrigger)
	before, err := change(ctx, client, name, d.connector().known, want, restart)
	if err != nil {
		refused(ctx, &resp.Diagnostics, client, d, err)
		return
	}
	status, err := client.Settle(ctx, name, want, before)
	tell(&resp.Diagnostics, name, want, status, err)
	resp.Diagnostics.Append(finish(ctx, client, &plan, v, status)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, d.writeOnly.known)...)
}

// change makes a connector what it should be. It returns the status before, if that may be seen for a while yet.
func change(ctx context.Context, client *connectrest.Client, name string, props map[string]string, want connectrest.State, restart bool) (before *connectrest.Status, err error) {
	if before, err = client.Status(ctx, name); err != nil {
		return nil, err
	}
	failed := before.Failure() != ""
	is := before.Connector.State
	if want != connectrest.Running && want != is { // before it runs with the new configuration
		if err := client.SetState(ctx, name, want); err != nil {
			return nil, err
		}
	}
	wrote, err := client.Configure(ctx, name, props)
	if err != nil {
		return nil, err
	}
	if want == connectrest.Running && is != want && is != connectrest.Failed {
		if err := client.SetState(ctx, name, want); err != nil {
			return nil, err
		}
	}
	if restart || wrote && failed && want == connectrest.Running {
		// A new configuration alone does not start tasks that failed if theirs is the same as before.
		if err := client.Restart(ctx, name, !restart); err != nil {
			return nil, err
		}
	}
	if !failed || !restart && !wrote {
		before = nil
	}
	return before, nil
}

// tell says what became of a connector that was created or changed.
func tell(ds *diag.Diagnostics, name string, want connectrest.State, status *connectrest.Status, err error) {
	_, late := errors.AsType[*connectrest.UnsettledError](err)
	switch {
	case late:
		ds.AddAttributeError(path.Root("status"), "The connector is not "+string(want), fmt.Sprintf("%v. It may come yet; timeouts say how long is waited.", err))
	case err != nil:
		ds.AddAttributeError(path.Root("status"), "The connector's status is not known", err.Error())
	case status.Failure() != "" && want != connectrest.Stopped:
		ds.AddAttributeError(path.Root("status"), "The connector failed", fmt.Sprintf("Connector %s is there, and failed:\n%s", name, status.Failure()))
	}
}

// finish fills in what only the cluster knows.
func finish(ctx context.Context, client *connectrest.Client, plan *connectorModel, v verdict, status *connectrest.Status) diag.Diagnostics {
	plan.EffectiveConfig = stringMap(v.effective)
	plan.Status = statusOf(status)
	plan.Tasks = types.Int64Value(0)
	if status != nil {
		plan.Tasks = types.Int64Value(int64(len(status.Tasks)))
	}
	var ds diag.Diagnostics
	if plan.Type.IsUnknown() {
		plan.Type = types.StringNull()
		info, err := client.Once().Get(context.WithoutCancel(ctx), plan.Name.ValueString())
		if err != nil {
			ds.AddAttributeError(path.Root("type"), "The connector cannot be read back", err.Error())
			return ds
		}
		plan.Type = types.StringValue(info.Type)
	}
	return ds
}

type keeper interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// keep remembers the write-only values that were written.
func keep(ctx context.Context, private keeper, values map[string]string) diag.Diagnostics {
	var ds diag.Diagnostics
	s, err := seal(values)
	if err == nil {
		var text []byte
		if text, err = s.encode(); err == nil {
			return private.SetKey(ctx, sealedKey, text)
		}
	}
	ds.AddAttributeError(path.Root("config_wo"), "Write-only values cannot be remembered", err.Error())
	return ds
}

// refused says why a cluster did not take a configuration, key by key where it can.
func refused(ctx context.Context, ds *diag.Diagnostics, client *connectrest.Client, d *declaration, err error) {
	if exists, ok := errors.AsType[*connectrest.ExistsError](err); ok {
		ds.AddAttributeError(path.Root("name"), "The name is taken", fmt.Sprintf("There is a connector %[1]q already at %[2]s. To manage it here: terraform import connectless_connector.<name> %[1]s", exists.Name, client.URL()))
		return
	}
	if connectrest.IsNotFound(err) { // of the connector, or of a call that this worker does not know
		if _, gone := client.Once().Get(ctx, d.name.known["name"]); connectrest.IsNotFound(gone) {
			ds.AddAttributeError(path.Root("name"), "The connector is gone", fmt.Sprintf("It was deleted since the plan: plan again to create it. %v", err))
			return
		}
	}
	if connectrest.IsUnreachable(err) {
		ds.AddAttributeError(path.Root("connect_rest"), "Kafka Connect does not answer", err.Error())
		return
	}
	if connectrest.IsInvalid(err) {
		if infos, invalid := client.Once().Validate(ctx, d.connector().known); invalid == nil && infos.ErrorCount > 0 {
			for _, info := range infos.Configs {
				for _, message := range slices.Compact(info.Value.Errors) {
					ds.AddAttributeError(d.path(info.Value.Name), "Connector configuration: "+info.Value.Name, message)
				}
			}
			return
		}
	}
	ds.AddAttributeError(path.Root("config"), "Kafka Connect refused the connector", err.Error())
}

func (r *connectorResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state connectorModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	patience, ds := state.Timeouts.Read(ctx, readPatience)
	if resp.Diagnostics.Append(ds...); resp.Diagnostics.HasError() {
		return
	}
	target := r.configured.need(&resp.Diagnostics, path.Root("connect_rest"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, ds := req.Private.GetKey(ctx, sealedKey)
	resp.Diagnostics.Append(ds...)
	kept, err := unseal(text)
	if err != nil {
		kept = &sealed{} // as after an import; the next apply writes it anew
	}
	name := state.Name.ValueString()
	info, err := target.client.Get(ctx, name)
	if connectrest.IsNotFound(err) {
		tflog.Info(ctx, "a connector is gone", map[string]any{"name": name})
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("connect_rest"), "The connector cannot be read", err.Error()+". To plan without it: -refresh=false")
		return
	}
	hiding := secretValues(info)
	for key := range kept.Hashes {
		hiding = append(hiding, info.Config[key])
	}
	client := target.client.Hiding(hiding...)
	status, err := client.Status(ctx, name)
	if err != nil && !connectrest.IsNotFound(err) { // a status is written after the connector
		resp.Diagnostics.AddAttributeError(path.Root("status"), "The connector's status cannot be read", err.Error())
		return
	}
	imported := state.Config.IsNull()
	secret := secretsOfRemote(ctx, target, &state, info)
	readConfig(&resp.Diagnostics, &state, kept, info, secret, imported)
	state.Type = types.StringValue(info.Type)
	if err == nil {
		readStatus(&resp.Diagnostics, &state, status)
	}
	if imported {
		r.describeImported(ctx, target, &state, info, secret)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// secretsOfRemote are the secret keys of a connector, as far as that has to be known: where the state knows every key, they
// are told by our declarations and by their names, else by what the cluster says of its passwords too.
func secretsOfRemote(ctx context.Context, target *cluster, state *connectorModel, info *connectrest.Info) map[string]bool {
	secret := secretKeys(info.Config["connector.class"], info.Config)
	known := propertiesOf(state.Config)
	if !slices.ContainsFunc(slices.Collect(maps.Keys(info.Config)), func(key string) bool { return !known.has(key) && key != "name" }) {
		return secret
	}
	keys, err := target.client.Once().Keys(ctx, info.Config["connector.class"])
	if err != nil {
		tflog.Warn(ctx, "the connector's keys are not known; secrets are told by their names", map[string]any{"error": err.Error()})
	}
	for _, key := range keys {
		if _, given := info.Config[key.Name]; given && key.Type == config.TypePassword {
			secret[key.Name] = true
		}
	}
	return secret
}

// readConfig takes the configuration into the state, and finds out whether somebody changed what is write-only.
func readConfig(ds *diag.Diagnostics, state *connectorModel, kept *sealed, info *connectrest.Info, secret map[string]bool, imported bool) {
	var left []string
	state.Config, left = shownConfig(info.Config, state.Config, kept, secret, imported)
	for _, key := range left {
		ds.AddAttributeWarning(path.Root("config").AtMapKey(key), "A secret was not imported",
			key+" is a secret and is left out of the state. Put it into config_wo; without it, the next apply removes it.")
	}
	changed, err := kept.changed(info.Config)
	if err != nil {
		ds.AddAttributeError(path.Root("config_wo"), "Write-only values cannot be compared", err.Error())
		return
	}
	if len(changed) > 0 {
		state.ConfigWOVersion = types.Int64Null()
		ds.AddAttributeWarning(path.Root("config_wo"), "Write-only values were changed", fmt.Sprintf("Somebody changed %s. The next apply writes config_wo again.", strings.Join(changed, ", ")))
	}
}

// readStatus takes the status into the state. What was asked for shows only in some states of a connector: one that failed,
// or is just being moved, is still to be what it was to be.
func readStatus(ds *diag.Diagnostics, state *connectorModel, status *connectrest.Status) {
	switch s := status.Connector.State; s {
	case connectrest.Running, connectrest.Paused, connectrest.Stopped:
		state.State = types.StringValue(string(s))
	default:
		if state.State.IsNull() {
			state.State = types.StringValue(string(connectrest.Running))
		}
	}
	state.Tasks, state.Status = types.Int64Value(int64(len(status.Tasks))), statusOf(status)
	if failure := status.Failure(); failure != "" {
		ds.AddAttributeWarning(path.Root("status"), "The connector failed", fmt.Sprintf("Connector %s does not run. Change its configuration, or restart_trigger, to start it again.\n%s", status.Name, failure))
	}
}

// describeImported fills in the effective configuration of what was just imported.
func (r *connectorResource) describeImported(ctx context.Context, target *cluster, state *connectorModel, info *connectrest.Info, secret map[string]bool) {
	d := &declaration{name: propertiesOf(stringMap(map[string]string{"name": info.Name})), config: propertiesOf(stringMap(info.Config)), writeOnly: propertiesOf(types.MapNull(types.StringType))}
	d.ownWorker, d.worker = d.writeOnly, r.configured.worker
	effective := judge(ctx, target, d).effective
	if effective == nil {
		effective = maps.Clone(info.Config)
	}
	for key, value := range hideKeys(effective, d) {
		if secret[key] && !config.HasReference(value) {
			effective[key] = hidden
		}
	}
	state.EffectiveConfig = stringMap(effective)
}

func (r *connectorResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state connectorModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	patience, ds := state.Timeouts.Delete(ctx, changePatience)
	if resp.Diagnostics.Append(ds...); resp.Diagnostics.HasError() {
		return
	}
	target := r.configured.need(&resp.Diagnostics, path.Root("connect_rest"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := target.client.Delete(ctx, state.Name.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "The connector was not deleted", err.Error())
	}
}

// ImportState imports by name, from the cluster of the provider's connect_rest block.
func (r *connectorResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("connect_rest"), types.ObjectValueMust(map[string]attr.Type{}, map[string]attr.Value{}))...)
	waits := map[string]attr.Type{"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("timeouts"), timeouts.Value{Object: types.ObjectNull(waits)})...)
}
