package cosmostest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// readAccount tells the client where the account is: at the host it asked, because clients go where this says.
func (s *Server) readAccount(req *request) response {
	where := appendString(nil, req.scheme+"://"+req.host+"/")
	loc := `[{"name":"Local","databaseAccountEndpoint":` + string(where) + `}]`
	return answer(http.StatusOK, []byte(`{"_self":"","id":"cosmostest","_rid":"cosmostest","media":"//media/","addresses":"//addresses/",`+
		`"_dbs":"//dbs/","writableLocations":`+loc+`,"readableLocations":`+loc+`,"enableMultipleWriteLocations":false,`+
		`"userReplicationPolicy":{"asyncReplication":false,"minReplicaSetSize":1,"maxReplicasetSize":4},`+
		`"userConsistencyPolicy":{"defaultConsistencyLevel":"Session"},"systemReplicationPolicy":{"minReplicaSetSize":1,"maxReplicasetSize":4},`+
		`"readPolicy":{"primaryReadCoefficient":1,"secondaryReadCoefficient":1},`+
		`"queryEngineConfiguration":"{\"maxSqlQueryInputLength\":524288,\"maxJoinsPerSqlQuery\":5}"}`))
}

// checkName checks the id of a database or container.
func checkName(id string) *failure {
	switch {
	case id == "":
		return badRequest("The input content is invalid because the required properties - 'id; ' - are missing")
	case len(id) > 255:
		return badRequest("The input id is invalid: it is longer than 255 characters.")
	case strings.ContainsAny(id, `/\?#`) || strings.HasSuffix(id, " "):
		return badRequest("The input id is invalid: it contains one of / \\ ? # or ends with a space.")
	}
	return nil
}

func (s *Server) createDatabase(req *request) response {
	var body struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(req.Body, &body); err != nil {
		return failed(badRequest("The request body is not a database: " + err.Error()))
	}
	d, bad := s.addDatabase(body.ID)
	if bad != nil {
		return failed(bad)
	}
	resp := answer(http.StatusCreated, d.json())
	resp.etag = quotedETag(d.etag, d.ts)
	return resp
}

func (s *Server) addDatabase(id string) (*database, *failure) {
	if bad := checkName(id); bad != nil {
		return nil, bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dbs[id] != nil {
		return nil, conflict()
	}
	d := &database{id: id, ts: s.now().Unix(), etag: s.etags.Add(1), colls: make(map[string]*container)}
	s.nextRID++
	binary.BigEndian.PutUint32(d.rid[:], s.nextRID)
	if err := s.journal.database(d); err != nil {
		return nil, unwritable(err)
	}
	s.dbs[id] = d
	return d, nil
}

func (d *database) json() []byte {
	return fmt.Appendf(nil, `{"id":%s,"_rid":"%s","_self":"dbs/%s/","_etag":"\"%s\"","_colls":"colls/","_users":"users/","_ts":%d}`,
		appendString(nil, d.id), d.ridString(), d.ridString(), appendETag(nil, d.etag, d.ts), d.ts)
}

func (s *Server) readDatabase(req *request) response {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.dbs[req.Database]
	if d == nil {
		return failed(notFound())
	}
	resp := answer(http.StatusOK, d.json())
	resp.etag = quotedETag(d.etag, d.ts)
	return resp
}

func (s *Server) deleteDatabase(req *request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dbs[req.Database]
	if d == nil {
		return failed(notFound())
	}
	if err := s.journal.dropDatabase(d); err != nil {
		return failed(unwritable(err))
	}
	delete(s.dbs, d.id)
	for _, c := range d.colls {
		c.drop()
	}
	return answer(http.StatusNoContent, nil)
}

func (s *Server) listDatabases(req *request) response {
	s.mu.RLock()
	var rows [][]byte
	for _, name := range slices.Sorted(maps.Keys(s.dbs)) {
		rows = append(rows, s.dbs[name].json())
	}
	s.mu.RUnlock()
	return resourceFeed(req, "", "Databases", rows)
}

// resourceFeed answers the list or the query of databases or containers, in one page.
func resourceFeed(req *request, rid, name string, rows [][]byte) response {
	if req.Op == OpQueryDatabases || req.Op == OpQueryContainers {
		q, bad := parseQueryBody(req.Body)
		if bad != nil {
			return failed(bad)
		}
		if rows, bad = q.filter(rows); bad != nil {
			return failed(bad)
		}
	}
	resp := answer(http.StatusOK, appendFeed(rid, name, rows))
	resp.items = len(rows)
	return resp
}

// container returns a container, or nil.
func (s *Server) container(db, coll string) *container {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if d := s.dbs[db]; d != nil {
		return d.colls[coll]
	}
	return nil
}

// containers lists all containers. The caller holds s.mu.
func (s *Server) containers() []*container {
	var out []*container
	for _, d := range s.dbs {
		for _, c := range d.colls {
			out = append(out, c)
		}
	}
	return out
}

func (s *Server) createContainer(req *request) response {
	o, bad := parseOffer(req.Header)
	if bad != nil {
		return failed(bad)
	}
	props, bad := parseContainer(req.Body)
	if bad != nil {
		return failed(bad)
	}
	c, bad := s.addContainer(req.Database, props, o, 1)
	if bad != nil {
		return failed(bad)
	}
	return c.show201()
}

// parseContainer reads a container's properties, without those of the system.
func parseContainer(body []byte) (map[string]json.RawMessage, *failure) {
	var props map[string]json.RawMessage
	if err := json.Unmarshal(body, &props); err != nil || props == nil {
		return nil, badRequest("The request body is not a container.")
	}
	for k, v := range props {
		var compact bytes.Buffer
		_ = json.Compact(&compact, v) // v came out of a valid document
		props[k] = compact.Bytes()
	}
	for k := range props {
		if isSystemProperty([]byte(`"`+k+`"`)) || slices.Contains([]string{"_docs", "_sprocs", "_triggers", "_udfs", "_conflicts"}, k) {
			delete(props, k)
		}
	}
	if _, ok := props["indexingPolicy"]; !ok {
		props["indexingPolicy"] = json.RawMessage(`{"indexingMode":"consistent","automatic":true,"includedPaths":[{"path":"/*"}],"excludedPaths":[{"path":"/\"_etag\"/?"}]}`)
	}
	return props, nil
}

// addContainer creates a container with the given number of physical partitions.
func (s *Server) addContainer(db string, props map[string]json.RawMessage, o offer, partitions int) (*container, *failure) {
	id, _ := stringValue(props["id"])
	if bad := checkName(id); bad != nil {
		return nil, bad
	}
	raw, ok := props["partitionKey"]
	if !ok {
		return nil, badRequest("The container has no partitionKey.")
	}
	def, err := parseKeyDef(raw)
	if err != nil {
		return nil, badRequest(err.Error())
	}
	props["partitionKey"], _ = json.Marshal(def) // a struct of strings and numbers

	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dbs[db]
	if d == nil {
		return nil, notFound()
	}
	if d.colls[id] != nil {
		return nil, conflict()
	}
	c := &container{
		srv: s, db: d, id: id, pk: def, ts: s.now().Unix(), etag: s.etags.Add(1), props: props, offer: o,
		items: make(map[itemKey]*item),
	}
	s.nextRID++
	copy(c.rid[:], d.rid[:])
	binary.BigEndian.PutUint32(c.rid[4:], s.nextRID)
	c.addPartitions(partitions)
	if err := s.journal.container(c); err != nil {
		return nil, unwritable(err)
	}
	d.colls[id] = c
	return c, nil
}

// json is the container as clients read it. The caller holds c.mu.
func (c *container) json() []byte {
	all := maps.Clone(c.props)
	set := func(name, value string) { all[name] = appendString(nil, value) }
	set("_rid", c.ridString())
	set("_self", "dbs/"+c.db.ridString()+"/colls/"+c.ridString()+"/")
	set("_etag", quotedETag(c.etag, c.ts))
	for _, child := range []string{"docs", "sprocs", "triggers", "udfs", "conflicts"} {
		set("_"+child, child+"/")
	}
	all["_ts"] = fmt.Appendf(nil, "%d", c.ts)
	b, _ := json.Marshal(all) // of valid JSON
	return b
}

func (c *container) show201() response {
	c.mu.RLock()
	defer c.mu.RUnlock()
	resp := answer(http.StatusCreated, c.json())
	resp.etag = quotedETag(c.etag, c.ts)
	return resp
}

func (c *container) read(*request) response {
	resp := c.show201()
	resp.status = http.StatusOK
	return resp
}

// replace changes what may change: not the id and not the partition key.
func (c *container) replace(req *request) response {
	props, bad := parseContainer(req.Body)
	if bad != nil {
		return failed(bad)
	}
	if id, _ := stringValue(props["id"]); id != c.id {
		return failed(badRequest("The id of a container cannot be changed."))
	}
	def, err := parseKeyDef(props["partitionKey"])
	if err != nil {
		return failed(badRequest("The container has no valid partitionKey: " + err.Error()))
	}
	if def.Kind != c.pk.Kind || def.Version != c.pk.Version || !slices.Equal(def.Paths, c.pk.Paths) {
		return failed(badRequest("The partition key of a container cannot be changed."))
	}
	props["partitionKey"], _ = json.Marshal(def)

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped {
		return failed(notFound())
	}
	if m := req.Header.Get("If-Match"); m != "" && m != "*" && m != quotedETag(c.etag, c.ts) {
		return failed(preconditionFailed())
	}
	ts, etag := c.srv.now().Unix(), c.srv.etags.Add(1)
	if err := c.srv.journal.properties(c, props, ts, etag); err != nil {
		return failed(unwritable(err))
	}
	c.props, c.ts, c.etag = props, ts, etag
	resp := answer(http.StatusOK, c.json())
	resp.etag = quotedETag(c.etag, c.ts)
	return resp
}

func (s *Server) deleteContainer(req *request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dbs[req.Database]
	if d == nil || d.colls[req.Container] == nil {
		return failed(notFound())
	}
	c := d.colls[req.Container]
	if err := s.journal.dropContainer(c); err != nil {
		return failed(unwritable(err))
	}
	delete(d.colls, c.id)
	c.drop()
	return answer(http.StatusNoContent, nil)
}

// drop makes requests that still hold the container fail.
func (c *container) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = true
}

func (s *Server) listContainers(req *request) response {
	s.mu.RLock()
	d := s.dbs[req.Database]
	if d == nil {
		s.mu.RUnlock()
		return failed(notFound())
	}
	var rows [][]byte
	for _, name := range slices.Sorted(maps.Keys(d.colls)) {
		c := d.colls[name]
		c.mu.RLock()
		rows = append(rows, c.json())
		c.mu.RUnlock()
	}
	s.mu.RUnlock()
	return resourceFeed(req, d.ridString(), "DocumentCollections", rows)
}
