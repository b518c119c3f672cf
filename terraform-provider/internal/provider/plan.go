package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/connectless/connectless/core/config"
)

// declared puts a resource's configuration and the provider's together. Write-only values are in a configuration only.
func (r *connectorResource) declared(m *connectorModel) *declaration {
	d := &declaration{config: propertiesOf(m.Config), writeOnly: propertiesOf(m.ConfigWO), ownWorker: propertiesOf(m.Worker)}
	d.name = properties{known: map[string]string{}, unknown: map[string]bool{}}
	switch {
	case m.Name.IsUnknown():
		d.name.unknown["name"] = true
	case !m.Name.IsNull():
		d.name.known["name"] = m.Name.ValueString()
	}
	d.worker = d.ownWorker
	if r.configured != nil {
		d.worker, d.said = d.ownWorker.over(r.configured.worker), r.configured.said
	}
	return d
}

// ValidateConfig checks what needs neither the provider nor a cluster.
func (r *connectorResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m connectorModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	d := r.declared(&m)
	if m.ConnectREST.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("connect_rest"), "There is no target", "A connector has one block that says where it runs: connect_rest {}.")
	}
	if given, ok := d.config.known["name"]; ok && !m.Name.IsUnknown() && given != m.Name.ValueString() {
		resp.Diagnostics.AddAttributeError(path.Root("config").AtMapKey("name"), "Two names",
			fmt.Sprintf("config says that the name is %q and the resource says %q. The name in config can be left out.", given, m.Name.ValueString()))
	}
	for _, key := range slices.Sorted(maps.Keys(d.writeOnly.values())) {
		at := path.Root("config_wo").AtMapKey(key)
		switch {
		case d.config.has(key):
			resp.Diagnostics.AddAttributeError(at, "Given twice", key+" is in config too.")
		case key == "name" || key == "connector.class":
			resp.Diagnostics.AddAttributeError(at, "Not a secret", key+" cannot be write-only: a plan has to show it.")
		}
	}
	if !d.config.all && !d.config.has("connector.class") {
		resp.Diagnostics.AddAttributeError(path.Root("config").AtMapKey("connector.class"), "There is no connector class",
			`Missing required configuration "connector.class" which has no default value.`)
	}
}

// ModifyPlan judges the configuration and plans what follows from it.
func (r *connectorResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // to be destroyed
	}
	var configuration, plan connectorModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &configuration)...)
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	var target *cluster
	if r.configured != nil && !(r.configured.connect == nil && r.configured.later) {
		if target = r.configured.need(&resp.Diagnostics, path.Root("connect_rest")); target == nil {
			return
		}
	}
	v := judge(ctx, target, r.declared(&configuration))
	resp.Diagnostics.Append(v.diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state *connectorModel
	if !req.State.Raw.IsNull() {
		state = &connectorModel{}
		if resp.Diagnostics.Append(req.State.Get(ctx, state)...); resp.Diagnostics.HasError() {
			return
		}
		r.warnStale(ctx, req, resp, &configuration, state)
	}
	changes := plan.Status.IsUnknown() // of what the user wrote
	if v.effective != nil && (changes || v.here) && !sameMap(plan.EffectiveConfig, v.effective) {
		plan.EffectiveConfig = stringMap(v.effective)
		if !changes { // the worker's properties changed, or our defaults: nothing to do but to say so
			plan.Status, plan.Tasks = types.ObjectUnknown(statusType.AttrTypes), types.Int64Unknown()
		}
	}
	if state != nil && sameKey(state.Config, plan.Config, "connector.class") {
		plan.Type = state.Type
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// warnStale says when write-only values changed in the configuration and nothing tells Terraform to write them.
func (r *connectorResource) warnStale(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, configuration, state *connectorModel) {
	if !configuration.ConfigWOVersion.Equal(state.ConfigWOVersion) || configuration.ConfigWOVersion.IsNull() {
		return
	}
	text, ds := req.Private.GetKey(ctx, sealedKey)
	resp.Diagnostics.Append(ds...)
	kept, err := unseal(text)
	if err != nil {
		return // the next apply writes it anew
	}
	wo := propertiesOf(configuration.ConfigWO)
	changed, err := kept.changed(wo.known)
	if err != nil {
		return
	}
	for key := range wo.known {
		if _, ok := kept.Hashes[key]; !ok {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	for _, key := range changed {
		if wo.isUnknown(key) {
			continue
		}
		resp.Diagnostics.AddAttributeWarning(path.Root("config_wo").AtMapKey(key), "A write-only value changed",
			key+" is not what was written last. Raise config_wo_version to write it.")
	}
}

func sameMap(have types.Map, want map[string]string) bool {
	return !have.IsUnknown() && !have.IsNull() && maps.Equal(propertiesOf(have).known, want)
}

func sameKey(a, b types.Map, key string) bool {
	x, y := propertiesOf(a), propertiesOf(b)
	return !y.isUnknown(key) && x.known[key] == y.known[key]
}

// judgeKnown judges what the plan could not, now that everything is known.
func (r *connectorResource) judgeKnown(ctx context.Context, target *cluster, configuration, plan *connectorModel) verdict {
	if !plan.EffectiveConfig.IsUnknown() {
		return verdict{effective: propertiesOf(plan.EffectiveConfig).known}
	}
	d := r.declared(configuration)
	v := judge(ctx, target, d)
	if v.effective == nil {
		v.effective = hideKeys(d.connector().known, d)
	}
	v.diags = v.diags.Errors() // what is a warning was one in the plan
	return v
}

// shownConfig is a connector's configuration as the state has it: without what is write-only, and without the name unless
// the user wrote it. secret are keys that are not shown unless they were before.
func shownConfig(remote map[string]string, prior types.Map, sealed *sealed, secret map[string]bool, imported bool) (shown types.Map, left []string) {
	before := propertiesOf(prior)
	elements := maps.Clone(prior.Elements())
	for key, v := range elements {
		if !v.IsNull() {
			delete(elements, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(remote)) {
		value := remote[key]
		if _, wo := sealed.Hashes[key]; wo || key == "name" && !before.has("name") {
			continue
		}
		old, known := before.known[key]
		switch {
		case known && value == hidden:
			value = old // the server does not show it
		case !known && secret[key] && !config.HasReference(value):
			if imported {
				left = append(left, key)
				continue
			}
			value = hidden
		}
		elements[key] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, elements), left
}
